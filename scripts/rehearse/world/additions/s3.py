import json

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
