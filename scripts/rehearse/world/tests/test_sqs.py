import json
import time

ALLOW = json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:eu-north-1:123456789012:source"]})

STATEMENT = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}


def read(sqs, url, name):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]


def test_who_may_redrive_is_read_back(client):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="dead", Attributes={"RedriveAllowPolicy": ALLOW})["QueueUrl"]
    assert read(sqs, url, "RedriveAllowPolicy") == ALLOW


def test_a_queue_with_a_key_says_that_sqs_does_not_encrypt_it(client):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="keyed", Attributes={"KmsMasterKeyId": "alias/aws/sqs"})["QueueUrl"]
    assert read(sqs, url, "SqsManagedSseEnabled") == "false"


def test_the_policy_outlives_another_setting(client):
    sqs = client("sqs")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
    url = sqs.create_queue(QueueName="kept", Attributes={"Policy": policy})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert read(sqs, url, "Policy") == policy


def test_the_redrive_policy_comes_back_without_spaces(client):
    sqs = client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": read(sqs, dead, "QueueArn"), "maxReceiveCount": 5}, separators=(",", ":"))
    url = sqs.create_queue(QueueName="source", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    assert read(sqs, url, "RedrivePolicy") == policy


def quickest_send(sqs, url):
    def seconds():
        started = time.perf_counter()
        sqs.send_message(QueueUrl=url, MessageBody="one more")
        return time.perf_counter() - started

    return min(seconds() for _ in range(30))


def test_a_message_is_sent_as_quickly_beside_hundreds_that_wait(client):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="long")["QueueUrl"]
    alone = quickest_send(sqs, url)
    for _ in range(60):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": f"{n}", "MessageBody": "waits"} for n in range(10)])
    assert quickest_send(sqs, url) < 2 * alone


def test_a_queue_has_the_address_that_aws_gives_it(client):
    account = client("sts").get_caller_identity()["Account"]
    assert client("sqs").create_queue(QueueName="named")["QueueUrl"] == f"https://sqs.eu-north-1.amazonaws.com/{account}/named"
