import json
import urllib.request

import boto3


def contents_of(client):
    sts = client("sts")
    account = sts.get_caller_identity()["Account"]
    with urllib.request.urlopen(f"{sts.meta.endpoint_url}/world/contents?account={account}", timeout=30) as answer:
        return json.load(answer)


def test_what_stands_is_listed_until_it_is_deleted(client):
    assert contents_of(client) == []
    sqs, ec2 = client("sqs"), client("ec2", "eu-south-1")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    listed = contents_of(client)
    assert any(line.startswith("sqs eu-north-1 queues: 1 (orders") for line in listed), listed
    assert any(line.startswith("ec2 eu-south-1 vpcs: 1") for line in listed), listed
    sqs.delete_queue(QueueUrl=url)
    ec2.delete_vpc(VpcId=vpc)
    assert contents_of(client) == []


def test_where_a_listing_went_on_is_not_left(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="pages", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    for key in ("one", "other"):
        s3.put_object(Bucket="pages", Key=key, Body=b"1")
    assert s3.list_objects_v2(Bucket="pages", MaxKeys=1)["IsTruncated"]
    for key in ("one", "other"):
        s3.delete_object(Bucket="pages", Key=key)
    s3.delete_bucket(Bucket="pages")
    assert contents_of(client) == []


def test_the_keys_of_a_session_are_not_left_and_those_of_a_user_are(client):
    iam, sts = client("iam"), client("sts")
    arn = iam.create_role(RoleName="machine", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    sts.assume_role(RoleArn=arn, RoleSessionName="i-1")
    iam.delete_role(RoleName="machine")
    assert contents_of(client) == []
    iam.create_user(UserName="somebody")
    iam.create_access_key(UserName="somebody")
    assert any(" access_keys: 1 " in line for line in contents_of(client)), contents_of(client)


def test_the_rehearsals_own_account_is_looked_at_unless_another_is_named(client):
    sqs = boto3.client("sqs", region_name="eu-north-1", endpoint_url=client.url, aws_access_key_id="a", aws_secret_access_key="b")
    url = sqs.create_queue(QueueName="mine")["QueueUrl"]
    with urllib.request.urlopen(f"{client.url}/world/contents", timeout=30) as answer:
        listed = json.load(answer)
    sqs.delete_queue(QueueUrl=url)
    assert any(line.startswith("sqs eu-north-1 queues: 1 (mine") for line in listed), listed
