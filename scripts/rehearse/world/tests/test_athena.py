def test_a_saved_query_can_be_deleted(client):
    athena = client("athena")
    saved = athena.create_named_query(Name="sales", Database="campus", QueryString="select 1")
    athena.delete_named_query(NamedQueryId=saved["NamedQueryId"])
    assert athena.list_named_queries()["NamedQueryIds"] == []


def test_a_work_group_can_be_changed(client):
    athena = client("athena")
    athena.create_work_group(Name="sales", Description="sales", Configuration={"PublishCloudWatchMetricsEnabled": False})
    results = {"OutputLocation": "s3://analytics/results/"}
    updates = {"PublishCloudWatchMetricsEnabled": True, "ResultConfigurationUpdates": results}
    athena.update_work_group(WorkGroup="sales", Description="orders", ConfigurationUpdates=updates)
    group = athena.get_work_group(WorkGroup="sales")["WorkGroup"]
    assert group["Description"] == "orders"
    assert group["Configuration"]["PublishCloudWatchMetricsEnabled"] is True
    assert group["Configuration"]["ResultConfiguration"] == results
