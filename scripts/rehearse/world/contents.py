"""What stands in an account of the world: every entry of every backend that a new account does not have."""

from moto.core.base_backend import BackendDict

# What moto keeps of things that are gone, or never was a thing of ours.
RESIDUE = {
    ("acm", "_idempotency_tokens"): "tokens of past requests",
    ("kms", "multi_region_configuration"): "moto's note of the last replication",
    ("autoscaling", "world_machines"): "that somebody ran machines here",
    ("autoscaling", "world_refreshes"): "refreshes of groups that are gone",
    ("ec2", "enis"): "moto keeps the interfaces of deleted NAT gateways and terminated machines",
    ("ec2", "launch_template_insert_order"): "an order of creation",
    ("ec2", "network_acls"): "moto keeps the default list of a deleted VPC",
    ("ec2", "tags"): "tags of what is gone",
    ("rds", "events"): "a log of the past",
    ("route53", "delegation_sets"): "name servers of past zones",
    ("route53", "resource_tags"): "tags of what is gone",
    ("s3", "_pagination_tokens"): "where past listings of a bucket went on",
    ("sts", "assumed_roles"): "sessions of functions that ran",
    ("ssm", "_parameters"): "public parameters of AWS, loaded when first read",
}

# They end by themselves; a user's own keys begin with other letters.
KEYS_OF_A_SESSION = "ASIA"
GONE = ("deleted", "terminated", "PendingDeletion")


def does_not_count(value):
    """AWS, too, describes some things for a while after they were deleted, and makes a key of its own for disks."""
    if getattr(value, "deletion_date", None) or str(getattr(value, "description", "")).startswith("Default master key"):
        return True
    if str(getattr(value, "access_key_id", "")).startswith(KEYS_OF_A_SESSION):
        return True
    states = (getattr(value, name, None) for name in ("state", "key_state", "status", "_status"))
    if any(state in GONE for state in states if isinstance(state, str)):
        return True
    machines = getattr(value, "instances", None)
    names = [getattr(getattr(machine, "_state", None), "name", None) for machine in machines or ()]
    return bool(names) and all(name == "terminated" for name in names)


def leaves(value, path=()):
    """The paths to everything that is not an empty container."""
    if isinstance(value, dict):
        for key, inner in list(value.items()):
            yield from leaves(inner, (*path, str(key)))
    elif isinstance(value, (list, set, tuple)):
        for number, inner in enumerate(list(value)):
            yield from leaves(inner, (*path, str(number)))
    elif value is not None and not does_not_count(value):
        yield path


def entries(backend):
    """The things in each collection of a backend."""
    collections = {name: value for name, value in vars(backend).items() if isinstance(value, (dict, list, set))}
    return {name: list(leaves(value)) for name, value in collections.items()}


def contents(account):
    lines = []
    for service in list(BackendDict._instances):
        for region, backend in list(dict.get(service, account, {}).items()):
            pristine = entries(type(backend)(region, account))
            for name, paths in entries(backend).items():
                extra = len(paths) - len(pristine.get(name, []))
                if extra > 0 and (service.service_name, name) not in RESIDUE:
                    examples = ", ".join(".".join(path) for path in paths[-3:])
                    lines.append(f"{service.service_name} {region} {name}: {extra} ({examples})")
    return sorted(lines)
