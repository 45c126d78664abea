from botocore.exceptions import ClientError


def refused(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    raise AssertionError("the call was answered")


def test_an_unknown_action_of_a_query_service_is_refused_with_a_400(client):
    assert refused(client("ec2").describe_bundle_tasks) == (400, "WorldGap")


def test_an_unknown_action_of_a_json_service_is_refused_with_a_400(client):
    assert refused(client("logs").describe_configuration_templates) == (400, "WorldGap")


def test_an_exception_inside_moto_is_refused_with_a_400(client):
    plan = {"BackupPlanName": "plan", "Rules": []}
    assert refused(client("backup").update_backup_plan, BackupPlanId="none", BackupPlan=plan)[0] == 400
