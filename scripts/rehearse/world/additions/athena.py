from moto.athena.responses import AthenaResponse

from .patch import add


# A saved query cannot be deleted.
@add(AthenaResponse)
def delete_named_query(self):
    self.athena_backend.named_queries.pop(self._get_param("NamedQueryId"), None)
    return "{}"


# A work group cannot be changed, not even to let itself be destroyed with its queries.
@add(AthenaResponse)
def update_work_group(self):
    group = self.athena_backend.work_groups[self._get_param("WorkGroup")]
    if self._get_param("Description") is not None:
        group.description = self._get_param("Description")
    for name, value in (self._get_param("ConfigurationUpdates") or {}).items():
        if name == "ResultConfigurationUpdates":
            group.configuration["ResultConfiguration"] = {**group.configuration.get("ResultConfiguration", {}), **value}
        elif not name.startswith("Remove"):
            group.configuration[name] = value
    return "{}"
