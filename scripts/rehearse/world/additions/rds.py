import copy
import uuid

from moto.rds.models import DBInstance, DBParameterGroup, RDSBackend

from .patch import around


# A replica in another region keeps the primary's region, tags, log exports, resource id and more, for it is the same object.
@around(RDSBackend)
def create_db_instance_read_replica(original, self, wanted):
    primary = self.find_db_from_id(wanted["source_db_instance_identifier"])
    replica = copy.copy(primary)
    replica.__dict__.pop("master_user_secret", None)
    replica.manage_master_user_password = False
    replica.backend = self
    replica.enabled_cloudwatch_logs_exports = list(wanted.pop("enable_cloudwatch_logs_exports", None) or [])
    replica.tags = wanted.pop("tags", None) or []
    replica.multi_az, replica.max_allocated_storage = False, replica.allocated_storage
    replica.dbi_resource_id = f"db-{uuid.uuid4().hex[:26].upper()}"
    replica.update(**{**wanted, "backend": self})
    replica.set_as_replica()
    self.databases[wanted["db_instance_identifier"]] = replica
    primary.add_replica(replica)
    return replica


# Promotion leaves the source's list of replicas as it was.
@around(RDSBackend)
def promote_read_replica(original, self, wanted):
    replica = self.databases[wanted["db_instance_identifier"]]
    if replica.is_replica:
        self.find_db_from_id(replica.source_db_instance_identifier).remove_replica(replica)
        replica.is_replica, replica.source_db_instance_identifier = False, None
        replica.update(**wanted)
    return replica


# Deleting a replica of another region fails: the primary knows it by ARN, not by name.
@around(DBInstance)
def remove_replica(original, self, replica):
    self.replicas[:] = [one for one in self.replicas if one not in (replica.db_instance_identifier, replica.db_instance_arn)]


# Performance insights are not read back.
def take_insights(instance, wanted):
    if wanted.get("enable_performance_insights") is not None:
        instance.performance_insights_enabled = wanted["enable_performance_insights"]
    for name in ("performance_insights_kms_key_id", "performance_insights_retention_period"):
        if wanted.get(name) is not None:
            setattr(instance, name, wanted[name])


@around(DBInstance)
def __init__(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    take_insights(self, kwargs)


@around(DBInstance)
def update(original, self, **kwargs):
    original(self, **kwargs)
    take_insights(self, kwargs)


# Parameters do not say that a user set them, and the provider reads only those.
@around(DBParameterGroup)
def update_parameters(original, self, new_parameters):
    original(self, [{**one, "Source": "user"} for one in new_parameters])
