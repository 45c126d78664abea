def test_a_saved_query_can_be_deleted(client):
    athena = client("athena")
    saved = athena.create_named_query(Name="sales", Database="campus", QueryString="select 1")
    athena.delete_named_query(NamedQueryId=saved["NamedQueryId"])
    assert athena.list_named_queries()["NamedQueryIds"] == []
