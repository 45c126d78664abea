"""Judges each call that is signed with a role's keys by that role's own policies and boundary. Softly: it is written down, and answered.

Conditions are not looked at: an allowance with one allows, a denial with one denies nothing. Policies of resources are not asked.
"""

import io
import json
import re
import threading
from collections import Counter
from fnmatch import fnmatchcase
from urllib.parse import parse_qs

from moto.iam.models import iam_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sts.models import sts_backends

SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")
# Everybody may ask who he is.
FREE = ("sts:GetCallerIdentity",)
OBJECT_ACTIONS = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject", "POST": "DeleteObject"}


class Record:
    """By role: how often each action was used, and what was asked without being allowed."""

    def __init__(self):
        self.lock = threading.Lock()
        self.used = {}
        self.refused = {}

    def note(self, role, action, resources, allowed):
        with self.lock:
            book, key = (self.used, action) if allowed else (self.refused, f"{action} on {resources[0]}")
            book.setdefault(role, Counter())[key] += 1


RECORD = Record()


def as_list(value):
    return value if isinstance(value, list) else [value]


def statements_of(documents):
    for document in documents:
        parsed = json.loads(document) if isinstance(document, str) else document
        yield from as_list(parsed["Statement"])


def speaks_of(statement, action, resource):
    actions = [one.lower() for one in as_list(statement.get("Action", []))]
    if not any(fnmatchcase(action.lower(), pattern) for pattern in actions):
        return False
    return any(fnmatchcase(resource, pattern) for pattern in as_list(statement.get("Resource", "*")))


def allows(documents, action, resources):
    statements = list(statements_of(documents))
    denied = [one for one in statements if one["Effect"] == "Deny" and "Condition" not in one]
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    return any(
        any(speaks_of(one, action, resource) for one in allowed) and not any(speaks_of(one, action, resource) for one in denied) for resource in resources
    )


def default_document(policy):
    return next(version.document for version in policy.versions if version.is_default)


def policies_of(account, role_name):
    backend = iam_backends[account]["aws"]
    role = backend.get_role(role_name)
    documents = [*role.policies.values(), *(default_document(policy) for policy in role.managed_policies.values())]
    boundary = role.permissions_boundary
    arn = boundary.get("PermissionsBoundaryArn") if isinstance(boundary, dict) else boundary
    return documents, [default_document(backend.managed_policies[arn])] if arn else None


def role_of(account, key):
    for backend in list(dict.values(sts_backends[account])):
        assumed = backend.get_assumed_role_from_access_key(key)
        if assumed:
            return assumed.role_arn.split("/")[-1]
    return None


def secret_arn(account, region, name):
    secret = secretsmanager_backends[account][region].secrets.get(name)
    if secret:
        return secret.arn
    return name if name.startswith("arn:") else f"arn:aws:secretsmanager:{region}:{account}:secret:{name}"


def s3_call(environ, query):
    host, path = environ.get("HTTP_HOST", ""), environ.get("PATH_INFO", "/").lstrip("/")
    bucket, key = (host.split(".s3.")[0], path) if ".s3." in host else (path.split("/", 1) + [""])[:2]
    if not key and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return "s3:ListBucket", [f"arn:aws:s3:::{bucket}"]
    return f"s3:{OBJECT_ACTIONS[environ['REQUEST_METHOD']]}", [f"arn:aws:s3:::{bucket}/{key}"]


def asked(environ, body, account, region, service):
    """The action, and the resources of which one has to be allowed."""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    if service == "s3":
        return s3_call(environ, query)
    target = environ.get("HTTP_X_AMZ_TARGET", "").split(".")[-1]
    values = json.loads(body or b"{}") if target else {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
    action = f"{service}:{target or values.get('Action', '?')}"
    return action, resources_of(service, values, f"{region}:{account}") or ([secret_arn(account, region, values["SecretId"])] if "SecretId" in values else ["*"])


def resources_of(service, values, where):
    if service == "logs" and "logGroupName" in values:
        group = f"arn:aws:logs:{where}:log-group:{values['logGroupName']}"
        return [f"{group}:log-stream:{values.get('logStreamName', '')}", group, f"{group}:*"]
    if service == "ssm" and "Name" in values:
        return [f"arn:aws:ssm:{where}:parameter/{values['Name'].lstrip('/')}"]
    if service == "sqs" and "QueueUrl" in values:
        return [f"arn:aws:sqs:{where}:{values['QueueUrl'].split('/')[-1]}"]
    if service == "sns" and "TopicArn" in values:
        return [values["TopicArn"]]
    if service == "rds" and "DBInstanceIdentifier" in values:
        return [f"arn:aws:rds:{where}:db:{values['DBInstanceIdentifier']}"]
    if service == "autoscaling" and "AutoScalingGroupName" in values:
        return [f"arn:aws:autoscaling:{where}:autoScalingGroup:id:autoScalingGroupName/{values['AutoScalingGroupName']}"]
    return None


def judged(application, account):
    def serve(environ, start_response):
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        role = scope and role_of(account, scope[1])
        if role:
            # An artifact's bytes say nothing of who may write it.
            body = environ["wsgi.input"].read() if scope[3] != "s3" else b""
            if scope[3] != "s3":
                environ["wsgi.input"] = io.BytesIO(body)
            try:
                judge(environ, body, account, role, *scope.groups()[1:])
            except Exception as error:
                # A call that the judge does not understand is answered all the same, and named at the end.
                RECORD.note(role, f"{scope[3]}:?", [f"{environ.get('PATH_INFO')} ({type(error).__name__}: {error})"], False)
        return application(environ, start_response)

    return serve


def judge(environ, body, account, role, region, service):
    action, resources = asked(environ, body, account, region, service)
    if action in FREE:
        return
    documents, boundary = policies_of(account, role)
    allowed = allows(documents, action, resources) and (boundary is None or allows(boundary, action, resources))
    RECORD.note(role, action, resources, allowed)


def verdict(account):
    """By role: what it used, what it asked in vain, what it may and never did."""
    said = {}
    for role in sorted({*RECORD.used, *RECORD.refused}):
        used = RECORD.used.get(role, Counter())
        may = {action for one in statements_of(policies_of(account, role)[0]) if one["Effect"] == "Allow" for action in as_list(one["Action"])}
        idle = [pattern for pattern in may if not any(fnmatchcase(action.lower(), pattern.lower()) for action in used)]
        said[role] = {"used": dict(used), "refused": dict(RECORD.refused.get(role, {})), "neverUsed": sorted(idle)}
    return said
