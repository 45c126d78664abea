import json
from types import SimpleNamespace

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker

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


# A statement for everyone ("Principal": "*") in a log bucket's policy makes moto fail.
moto_judgement = FakeBucket._log_permissions_enabled_policy


def may_write_logs(target_bucket, target_prefix):
    document = json.loads(target_bucket.policy) if target_bucket.policy else {"Statement": []}
    to_services = [one for one in document["Statement"] if isinstance(one.get("Principal"), dict)]
    policy = json.dumps({**document, "Statement": to_services}).encode()
    seen = SimpleNamespace(policy=policy, partition=target_bucket.partition, name=target_bucket.name)
    return moto_judgement(seen, target_prefix)


FakeBucket._log_permissions_enabled_policy = staticmethod(may_write_logs)
