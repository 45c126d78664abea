import json
import urllib.request


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
