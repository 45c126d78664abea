import copy
import json

from moto.kms.models import KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from .patch import around


# Replica and primary share one dictionary, so the primary calls itself a replica.
@around(KmsBackend)
def replicate_key(original, self, key_id, replica_region):
    replica = original(self, key_id, replica_region)
    replica.multi_region_configuration = copy.deepcopy(replica.multi_region_configuration)
    replica.multi_region_configuration["MultiRegionKeyType"] = "REPLICA"
    return replica


# A replica has the primary's description and no tags of its own.
def own_description_and_tags(original, self):
    answer = original(self)
    backend = kms_backends[self.current_account][self._get_param("ReplicaRegion")]
    key_id = self._get_param("KeyId").split("/")[-1]
    backend.keys[key_id].description = self._get_param("Description") or ""
    backend.tag_resource(key_id, {tag["TagKey"]: tag["TagValue"] for tag in self._get_param("Tags") or []})
    return answer


own_description_and_tags.__name__ = "replicate_key"
around(KmsResponse)(own_description_and_tags)


# The rotation period is not returned.
@around(KmsResponse)
def enable_key_rotation(original, self):
    answer = original(self)
    key = self.kms_backend.describe_key(self._get_param("KeyId"))
    key.world_rotation_days = self._get_param("RotationPeriodInDays") or 365
    return answer


@around(KmsResponse)
def get_key_rotation_status(original, self):
    status = json.loads(original(self))
    key = self.kms_backend.describe_key(self._get_param("KeyId"))
    if status["KeyRotationEnabled"]:
        status["RotationPeriodInDays"] = getattr(key, "world_rotation_days", 365)
    return json.dumps(status)
