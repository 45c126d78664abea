import re

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import PasswordTooShort
from moto.elasticache.models import CacheCluster, ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from .patch import add, around, kept

# Parameter groups do not exist.


class CacheParameterGroupNotFound(ServiceException):
    def __init__(self, name):
        super().__init__("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.")


def groups(self):
    return kept(self.elasticache_backend, "parameter_groups")


def named_group(self):
    name = self._get_param("CacheParameterGroupName")
    if name not in groups(self):
        raise CacheParameterGroupNotFound(name)
    return groups(self)[name]


@add(ElastiCacheResponse)
def create_cache_parameter_group(self):
    name, backend = self._get_param("CacheParameterGroupName"), self.elasticache_backend
    description = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": self._get_param("CacheParameterGroupFamily"),
        "Description": self._get_param("Description"),
        "IsGlobal": False,
        "ARN": f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:parametergroup:{name}",
    }
    groups(self)[name] = {"description": description, "parameters": {}}
    backend.tagging_service.tag_resource(description["ARN"], self._get_param("Tags", []))
    return ActionResult({"CacheParameterGroup": description})


@add(ElastiCacheResponse)
def modify_cache_parameter_group(self):
    group = named_group(self)
    for parameter in self._get_param("ParameterNameValues", []):
        group["parameters"][parameter["ParameterName"]] = parameter.get("ParameterValue")
    return ActionResult({"CacheParameterGroupName": group["description"]["CacheParameterGroupName"]})


@add(ElastiCacheResponse)
def reset_cache_parameter_group(self):
    group = named_group(self)
    for parameter in self._get_param("ParameterNameValues", []):
        group["parameters"].pop(parameter["ParameterName"], None)
    if self._get_bool_param("ResetAllParameters"):
        group["parameters"].clear()
    return ActionResult({"CacheParameterGroupName": group["description"]["CacheParameterGroupName"]})


@add(ElastiCacheResponse)
def describe_cache_parameter_groups(self):
    wanted = [named_group(self)] if self._get_param("CacheParameterGroupName") else groups(self).values()
    return ActionResult({"CacheParameterGroups": [group["description"] for group in wanted]})


@add(ElastiCacheResponse)
def describe_cache_parameters(self):
    parameters = named_group(self)["parameters"].items()
    fixed = {"Source": "user", "DataType": "string", "IsModifiable": True}
    return ActionResult({"Parameters": [{"ParameterName": name, "ParameterValue": value, **fixed} for name, value in parameters]})


@add(ElastiCacheResponse)
def delete_cache_parameter_group(self):
    named_group(self)
    del groups(self)[self._get_param("CacheParameterGroupName")]
    return EmptyResult()


# A subnet group cannot be deleted.
@add(ElastiCacheResponse)
def delete_cache_subnet_group(self):
    name = self._get_param("CacheSubnetGroupName")
    self.elasticache_backend.describe_cache_subnet_groups(cache_subnet_group_name=name)
    del self.elasticache_backend.cache_subnet_groups[name]
    return EmptyResult()


# User groups do not exist.


class UserGroupNotFound(ServiceException):
    def __init__(self, name):
        super().__init__("UserGroupNotFound", f"User group {name} not found.")


def user_groups(self):
    return kept(self.elasticache_backend, "user_groups")


def named_user_group(self):
    name = self._get_param("UserGroupId")
    if name not in user_groups(self):
        raise UserGroupNotFound(name)
    return user_groups(self)[name]


@add(ElastiCacheResponse)
def create_user_group(self):
    name, backend = self._get_param("UserGroupId"), self.elasticache_backend
    group = {
        "UserGroupId": name,
        "Status": "active",
        "Engine": self._get_param("Engine"),
        "UserIds": self._get_param("UserIds", []),
        "MinimumEngineVersion": "6.0",
        "ReplicationGroups": [],
        "ARN": f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:usergroup:{name}",
    }
    user_groups(self)[name] = group
    backend.tagging_service.tag_resource(group["ARN"], self._get_param("Tags", []))
    return ActionResult(group)


@add(ElastiCacheResponse)
def describe_user_groups(self):
    wanted = [named_user_group(self)] if self._get_param("UserGroupId") else list(user_groups(self).values())
    return ActionResult({"UserGroups": wanted})


@add(ElastiCacheResponse)
def modify_user_group(self):
    group = named_user_group(self)
    gone = self._get_param("UserIdsToRemove", [])
    group["UserIds"] = [one for one in group["UserIds"] if one not in gone] + self._get_param("UserIdsToAdd", [])
    return ActionResult(group)


@add(ElastiCacheResponse)
def delete_user_group(self):
    group = named_user_group(self)
    del user_groups(self)[group["UserGroupId"]]
    return ActionResult({**group, "Status": "deleting"})


# A user cannot be changed.
@add(ElastiCacheResponse)
def modify_user(self):
    params = self._get_params()
    (user,) = self.elasticache_backend.describe_users(user_id=params.get("UserId"))
    passwords = params.get("Passwords", [])
    if any(len(one) < 16 for one in passwords):
        raise PasswordTooShort
    user.access_string = params.get("AccessString", user.access_string)
    if passwords:
        user.passwords, user.no_password_required, user.authentication_type = passwords, False, "password"
    return ActionResult(user)


# Tags of a parameter group or a user group are refused as an invalid ARN.
@around(ElastiCacheBackend)
def __init__(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    kinds = "cluster|snapshot|subnetgroup|replicationgroup|user|usergroup|parametergroup"
    self.arn_regex = re.compile(rf"^arn:aws:elasticache:.*:[0-9]*:({kinds}):.*$")


# The member clusters of a replication group cannot be described, and the provider reads most settings from them.
COPIED = (
    "cache_node_type engine engine_version cache_parameter_group_name cache_subnet_group_name snapshot_window "
    "preferred_maintenance_window port notification_topic_arn auto_minor_version_upgrade snapshot_retention_limit "
    "auth_token security_group_ids transit_encryption_enabled network_type ip_discovery"
).split()
ABSENT = (
    "az_mode preferred_availability_zone num_cache_nodes snapshot_name outpost_mode preferred_outpost_arn "
    "preferred_availability_zones cache_security_group_names tags snapshot_arns preferred_outpost_arns "
    "log_delivery_configurations cache_node_ids_to_remove cache_node_ids_to_reboot"
).split()


def member_cluster(backend, group, cluster_id, wanted):
    cluster = CacheCluster(
        account_id=backend.account_id,
        region_name=backend.region_name,
        cache_cluster_id=cluster_id,
        replication_group_id=group.replication_group_id,
        **{name: wanted.get(name) for name in COPIED},
        **dict.fromkeys(ABSENT),
    )
    version = cluster.engine_version or "7.1"
    cluster.engine_version = version if version.count(".") == 2 else f"{version}.0"
    cluster.preferred_maintenance_window = cluster.preferred_maintenance_window or "sun:05:00-sun:06:00"
    cluster.cache_parameter_group = {
        "CacheParameterGroupName": cluster.cache_parameter_group_name,
        "ParameterApplyStatus": "in-sync",
    }
    cluster.security_groups = [{"SecurityGroupId": one, "Status": "active"} for one in cluster.security_group_ids]
    cluster.at_rest_encryption_enabled = wanted.get("at_rest_encryption_enabled")
    return cluster


@around(ElastiCacheBackend)
def create_replication_group(original, self, **wanted):
    nodes = wanted.get("num_cache_clusters") or 1
    if wanted.get("cluster_mode") != "enabled" and not wanted.get("replicas_per_node_group") and nodes > 1:
        wanted["replicas_per_node_group"] = nodes - 1
    group = original(self, **wanted)
    for cluster_id in group.member_clusters:
        self.cache_clusters[cluster_id] = member_cluster(self, group, cluster_id, wanted)
    return group


# A deleted replication group stays, and so do its members.
@around(ElastiCacheBackend)
def delete_replication_group(original, self, replication_group_id, retain_primary_cluster=None):
    group = original(self, replication_group_id, retain_primary_cluster)
    for cluster_id in group.member_clusters:
        self.cache_clusters.pop(cluster_id, None)
    del self.replication_groups[replication_group_id]
    return group
