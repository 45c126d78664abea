from moto.secretsmanager.models import FakeSecret

from .patch import around


# A replica forgets its key.
@around(FakeSecret)
def create_replicas(original, self, replica_regions, force_overwrite):
    replicas = original(self, replica_regions, force_overwrite)
    for replica, wanted in zip(replicas, replica_regions):
        replica.config["KmsKeyId"] = wanted.get("KmsKeyId") or replica.config["KmsKeyId"]
    return replicas
