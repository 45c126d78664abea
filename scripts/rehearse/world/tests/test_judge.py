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


def test_a_secret_and_a_database_are_known_by_their_arns(client):
    mine = {"endpoint_url": client.url, "region_name": "eu-north-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    iam, sts, secrets = (boto3.client(service, **mine) for service in ("iam", "sts", "secretsmanager"))
    secret = secrets.create_secret(Name="campus/master", SecretString="1")["ARN"]
    database = f"arn:aws:rds:eu-north-1:{secret.split(':')[4]}:db:campus"
    allowed = [{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "rds:DescribeDBInstances"], "Resource": [secret, database]}]
    role = iam.create_role(RoleName="rotates", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="rotates", PolicyName="one", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed}))
    keys = sts.assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    as_role = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"], "aws_session_token": keys["SessionToken"]}
    for name in (secret, "campus/master"):
        boto3.client("secretsmanager", **{**mine, **as_role}).get_secret_value(SecretId=name)
    rds = boto3.client("rds", **{**mine, **as_role})
    for name in ("campus", "other"):
        try:
            rds.describe_db_instances(DBInstanceIdentifier=name)
        except rds.exceptions.DBInstanceNotFoundFault:
            pass
    said = json.loads(urllib.request.urlopen(f"{client.url}/world/judged").read())["rotates"]
    assert said["used"] == {"secretsmanager:GetSecretValue": 2, "rds:DescribeDBInstances": 1}
    assert list(said["refused"]) == [f"rds:DescribeDBInstances on {database.removesuffix('campus')}other"]
