import json
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from cut import Relay

WANTED_LOSSES = 200
LOSE_EVERY = 3
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 8}, s3={"addressing_style": "path"})


def through(relay, client, service):
    """A client like the given ones, but through the relay and with the retries of an SDK."""
    made = boto3.client(
        service,
        region_name="eu-north-1",
        endpoint_url=f"http://127.0.0.1:{relay.port}",
        config=PATIENT,
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
    )
    account = client("sts").get_caller_identity()["Account"]
    made.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", account))
    return made


def test_two_hundred_lost_answers_make_no_call_happen_twice_or_fail(client):
    relay = Relay(urlsplit(client("sts").meta.endpoint_url).port, LOSE_EVERY)
    kms, iam, logs = (through(relay, client, service) for service in ("kms", "iam", "logs"))
    try:
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        number = 0
        while relay.lost < WANTED_LOSSES:
            number += 1
            kms.create_alias(AliasName=f"alias/{number}", TargetKeyId=key)
            iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument="{}")
            logs.create_log_group(logGroupName=f"group-{number}")
    finally:
        relay.stop()
    assert len(client("kms").list_keys()["Keys"]) == 1
    assert sum(1 for alias in client("kms").list_aliases(KeyId=key)["Aliases"]) == number


def test_a_call_that_was_refused_is_asked_anew(client):
    """The provider's SDK asks again, as the same call, until what it waits for stands."""
    iam = client("iam")
    same_call = {"invocation-id": "the same call"}
    iam.meta.events.register("before-parameter-build", lambda context, **_: context.update(retries=dict(same_call)))
    arguments = {"RoleName": "late", "PolicyName": "policy", "PolicyDocument": POLICY}
    try:
        iam.put_role_policy(**arguments)
    except iam.exceptions.NoSuchEntityException:
        pass
    client("iam").create_role(RoleName="late", AssumeRolePolicyDocument="{}")
    iam.put_role_policy(**arguments)
    iam.put_role_policy(**{**arguments, "PolicyName": "is not written, since the call was made"})
    assert client("iam").list_role_policies(RoleName="late")["PolicyNames"] == ["policy"]
