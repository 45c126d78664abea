"""What stands in the world: every entry of every backend that a new account does not have."""

from moto.core.base_backend import BackendDict

# Bookkeeping that outlives what it is about, in moto and in AWS alike.
RESIDUE = {
    ("ec2", "instances"): "terminated instances are described for an hour",
}


def leaves(value, path=()):
    """The paths to everything that is not an empty container."""
    if isinstance(value, dict):
        for key, inner in list(value.items()):
            yield from leaves(inner, (*path, str(key)))
    elif isinstance(value, (list, set, tuple)):
        for number, inner in enumerate(list(value)):
            yield from leaves(inner, (*path, str(number)))
    elif value is not None:
        yield path


def entries(backend):
    """How many things each collection of a backend holds."""
    collections = {name: value for name, value in vars(backend).items() if isinstance(value, (dict, list, set))}
    return {name: list(leaves(value)) for name, value in collections.items()}


def contents():
    lines = []
    for service in list(BackendDict._instances):
        for account, regions in list(service.items()):
            for region, backend in list(regions.items()):
                pristine = entries(type(backend)(region, account))
                for name, paths in entries(backend).items():
                    extra = len(paths) - len(pristine.get(name, []))
                    if extra > 0 and (service.service_name, name) not in RESIDUE:
                        examples = ", ".join(".".join(path) for path in paths[-3:])
                        lines.append(f"{service.service_name} {region} {name}: {extra} ({examples})")
    return sorted(lines)
