def test_a_saved_query_is_found_by_prefix_until_it_is_deleted(client):
    logs = client("logs")
    saved = logs.put_query_definition(name="money/by-charge", queryString="fields @message", logGroupNames=["/campus-pay/api"])
    found = logs.describe_query_definitions(queryDefinitionNamePrefix="money/")["queryDefinitions"]
    assert [(one["queryDefinitionId"], one["logGroupNames"]) for one in found] == [(saved["queryDefinitionId"], ["/campus-pay/api"])]
    assert logs.delete_query_definition(queryDefinitionId=saved["queryDefinitionId"])["success"]
    assert logs.describe_query_definitions()["queryDefinitions"] == []
