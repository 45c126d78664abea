import json
import time
import uuid

from moto.awslambda.utils import get_backend
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from .patch import around


# A replica forgets its key.
@around(FakeSecret)
def create_replicas(original, self, replica_regions, force_overwrite):
    replicas = original(self, replica_regions, force_overwrite)
    for replica, wanted in zip(replicas, replica_regions):
        replica.config["KmsKeyId"] = wanted.get("KmsKeyId") or replica.config["KmsKeyId"]
    return replicas


# A secret without a value cannot be rotated, and a rotation whose function fails counts as done.
# AWS rotates afterwards; the world rotates while one waits, so that a failure is seen by whoever asked.
@around(SecretsManagerBackend)
def rotate_secret(original, self, secret_id, client_request_token=None, rotation_lambda_arn=None, rotation_rules=None, rotate_immediately=True):
    secret = self.secrets[secret_id]
    function = rotation_lambda_arn or secret.rotation_lambda_arn
    if not function or not rotate_immediately:
        return original(self, secret_id, client_request_token, rotation_lambda_arn, rotation_rules, rotate_immediately)
    version = client_request_token or str(uuid.uuid4())
    secret.remove_version_stages_from_old_versions(["AWSPENDING"])
    secret.versions[version] = {"createdate": int(time.time()), "version_id": version, "version_stages": ["AWSPENDING"]}
    secret.rotation_requested = secret.rotation_enabled = True
    secret.rotation_lambda_arn = function
    secret.auto_rotate_after_days = (rotation_rules or {}).get("AutomaticallyAfterDays", secret.auto_rotate_after_days)
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        call(self, function, {"Step": step, "SecretId": secret.arn, "ClientRequestToken": version})
    secret.set_default_version_id(version)
    secret.last_rotation_date = int(time.time())
    return secret.to_short_dict()


def call(self, function, event):
    headers = {}
    answer = get_backend(self.account_id, self.region_name).invoke(function, None, json.dumps(event), {}, headers)
    if "x-amz-function-error" in headers:
        raise InvalidRequestException(f"the rotation failed at {event['Step']}: {answer}")


# The first version of a secret cannot become its current one: moto looks for the one that is.
@around(SecretsManagerBackend)
def update_secret_version_stage(original, self, secret_id, version_stage, remove_from_version_id, move_to_version_id):
    secret = self.secrets[secret_id]
    taken = any(version_stage in version["version_stages"] for version in secret.versions.values())
    if version_stage != "AWSCURRENT" or taken:
        return original(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
    secret.versions[move_to_version_id]["version_stages"].append(version_stage)
    return secret.arn, secret.name
