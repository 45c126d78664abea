import json
from fnmatch import fnmatchcase

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response

from .patch import add, around


# Once versioning is suspended, an object with a delete marker cannot be deleted, so a bucket cannot be emptied.
@add(FakeDeleteMarker)
def dispose(self):
    pass


# Conditions of a bucket policy are not looked at: "deny what is not TLS" denies everything.
@around(FakeBucket)
def get_permission(original, self, action, resource):
    if self.policy is None:
        return PermissionResult.NEUTRAL
    document = json.loads(self.policy)
    unconditional = [one for one in document["Statement"] if "Condition" not in one]
    return IAMPolicy(json.dumps({**document, "Statement": unconditional})).is_action_permitted(action, resource)


# Access logs are refused when the log bucket's policy has a statement for everyone, or allows a wider prefix than moto compares with.
def as_list(value):
    return value if isinstance(value, list) else [value]


def may_write_logs(target_bucket, target_prefix):
    statements = json.loads(target_bucket.policy)["Statement"] if target_bucket.policy else []
    wanted = f"{target_bucket.arn}/{target_prefix or ''}"
    return any(
        one["Effect"] == "Allow"
        and isinstance(one["Principal"], dict)
        and "logging.s3.amazonaws.com" in as_list(one["Principal"].get("Service"))
        and "s3:PutObject" in as_list(one["Action"])
        and any(fnmatchcase(wanted, pattern) for pattern in as_list(one["Resource"]))
        for one in statements
    )


FakeBucket._log_permissions_enabled_policy = staticmethod(may_write_logs)


# A replication configuration comes back without its filter, its delete markers and its source selection. Ours comes back as it was sent.
@around(S3Response)
def _replication_config_from_xml(original, self, xml):
    return {**original(self, xml), "world_as_sent": xml}


@around(S3Response)
def get_bucket_replication(original, self):
    self.data["Action"] = "GetBucketReplication"
    replication = self.backend.get_bucket_replication(self.bucket_name)
    if not replication:
        raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
    xml = replication["world_as_sent"]
    return xml.decode() if isinstance(xml, bytes) else xml


# The lock of a bucket that holds objects cannot be changed, so a bucket with a receipt in it cannot be destroyed.
@around(S3Backend)
def put_object_lock_configuration(original, self, bucket_name, lock_enabled, mode=None, days=None, years=None):
    bucket = self.get_bucket(bucket_name)
    if not bucket.is_versioned or bucket.keys.item_size() == 0:
        return original(self, bucket_name, lock_enabled, mode, days, years)
    bucket.object_lock_enabled = bucket.object_lock_enabled or lock_enabled
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years
    return None
