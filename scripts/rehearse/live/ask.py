"""Asks the world by boto3's own names: a line of JSON in, a line of JSON out. So no adapter needs a client of its own for each service.

    {"service": "elbv2", "region": "eu-north-1", "operation": "describe_listeners", "arguments": {...}}
"""

import json
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

KEYS = {"aws_access_key_id": "rehearsal", "aws_secret_access_key": "rehearsal"}
clients = {}


def client(service, region):
    if (service, region) not in clients:
        clients[service, region] = boto3.client(service, region_name=region, endpoint_url=sys.argv[1], **KEYS)
    return clients[service, region]


def answer(question):
    if question["operation"] == "upload_file":
        client("s3", question["region"]).upload_file(**question["arguments"])
        return {}
    return getattr(client(question["service"], question["region"]), question["operation"])(**question["arguments"])


def text(value):
    """What is a stream in boto3: a function's code."""
    return value.read().decode() if hasattr(value, "read") else str(value)


for line in sys.stdin:
    try:
        said = {"answer": answer(json.loads(line))}
    except (BotoCoreError, ClientError) as error:
        said = {"error": str(error)}
    print(json.dumps(said, default=text), flush=True)
