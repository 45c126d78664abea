import json
import urllib.request

import boto3

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def statement(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]})


def test_a_role_is_judged_by_its_policies_and_its_boundary(client):
    # The judge knows the rehearsal's own account alone.
    iam = boto3.client("iam", region_name="eu-north-1", endpoint_url=client.url, aws_access_key_id="a", aws_secret_access_key="b")
    sts = boto3.client("sts", region_name="eu-north-1", endpoint_url=client.url, aws_access_key_id="a", aws_secret_access_key="b")
    boundary = iam.create_policy(PolicyName="edge", PolicyDocument=statement("ssm:*", "sns:*"))["Policy"]["Arn"]
    role = iam.create_role(RoleName="judged", AssumeRolePolicyDocument=json.dumps(TRUST), PermissionsBoundary=boundary)["Role"]["Arn"]
    iam.put_role_policy(RoleName="judged", PolicyName="all", PolicyDocument=statement("ssm:PutParameter", "sqs:SendMessage", "sns:Publish"))
    keys = sts.assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    mine = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"], "aws_session_token": keys["SessionToken"]}
    as_role = {"region_name": "eu-north-1", "endpoint_url": client.url, **mine}
    boto3.client("ssm", **as_role).put_parameter(Name="/campus/a", Value="1", Type="String")
    boto3.client("ssm", **as_role).get_parameter(Name="/campus/a")
    queue = boto3.client("sqs", region_name="eu-north-1", endpoint_url=client.url, aws_access_key_id="a", aws_secret_access_key="b").create_queue(QueueName="q")
    boto3.client("sqs", **as_role).send_message(QueueUrl=queue["QueueUrl"], MessageBody="m")
    said = json.loads(urllib.request.urlopen(f"{client.url}/world/judged").read())["judged"]
    assert said["used"] == {"ssm:PutParameter": 1}
    assert sorted(one.split(" on ")[0] for one in said["refused"]) == ["sqs:SendMessage", "ssm:GetParameter"], "the boundary counts too"
    assert said["neverUsed"] == ["sns:Publish", "sqs:SendMessage"]
