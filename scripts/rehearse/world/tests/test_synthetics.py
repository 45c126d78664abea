CANARY = {
    "Name": "visitor",
    "ArtifactS3Location": "s3://logs/canary/",
    "Code": {"Handler": "canary.handler", "ZipFile": b"not unpacked"},
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/canary",
    "RuntimeVersion": "syn-nodejs-5.0",
    "Schedule": {"Expression": "rate(5 minutes)"},
}


def state(synthetics):
    return synthetics.get_canary(Name="visitor")["Canary"]["Status"]["State"]


def test_a_canary_can_be_started_and_stopped(client):
    synthetics = client("synthetics")
    synthetics.create_canary(**CANARY)
    synthetics.start_canary(Name="visitor")
    assert state(synthetics) == "RUNNING"
    synthetics.stop_canary(Name="visitor")
    assert state(synthetics) == "STOPPED"


def test_a_canary_can_be_changed(client):
    synthetics = client("synthetics")
    synthetics.create_canary(**CANARY)
    synthetics.update_canary(Name="visitor", Schedule={"Expression": "rate(15 minutes)"}, Code={"Handler": "other.handler", "ZipFile": b"x"})
    changed = synthetics.get_canary(Name="visitor")["Canary"]
    assert (changed["Schedule"]["Expression"], changed["Code"]["Handler"]) == ("rate(15 minutes)", "other.handler")


def test_a_deleted_canary_is_not_found(client):
    synthetics = client("synthetics")
    synthetics.create_canary(**CANARY)
    synthetics.delete_canary(Name="visitor", DeleteLambda=True)
    try:
        synthetics.get_canary(Name="visitor")
    except synthetics.exceptions.ResourceNotFoundException:
        return
    raise AssertionError("it is still there")


def test_a_canary_tells_its_function_and_where_its_code_lies_and_not_the_code(client):
    canary = client("synthetics").create_canary(**CANARY)["Canary"]
    assert canary["EngineArn"].split(":")[6] == f"cwsyn-visitor-{canary['Id']}"
    assert set(canary["Code"]) == {"Handler", "SourceLocationArn"}


def test_the_times_of_a_canary_are_numbers(client):
    synthetics = client("synthetics")
    answers = []
    synthetics.meta.events.register("after-call", lambda http_response, **_: answers.append(http_response.content.decode()))
    synthetics.create_canary(**CANARY)
    assert '"Created": "' not in answers[0]
