def test_a_stream_keeps_the_tags_it_was_created_with(client):
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1, Tags={"Project": "campus-pay"})
    assert kinesis.list_tags_for_stream(StreamName="orders")["Tags"] == [{"Key": "Project", "Value": "campus-pay"}]
