import json
import time
import uuid

from moto.logs.responses import LogsResponse

from .patch import add, kept

# Saved queries of Logs Insights do not exist.


def definitions(self):
    return kept(self.logs_backend, "query_definitions")


@add(LogsResponse)
def put_query_definition(self):
    definition_id = self._get_param("queryDefinitionId") or str(uuid.uuid4())
    definitions(self)[definition_id] = {
        "queryDefinitionId": definition_id,
        "name": self._get_param("name"),
        "queryString": self._get_param("queryString"),
        "logGroupNames": self._get_param("logGroupNames") or [],
        "lastModified": int(time.time() * 1000),
    }
    return json.dumps({"queryDefinitionId": definition_id})


@add(LogsResponse)
def describe_query_definitions(self):
    prefix = self._get_param("queryDefinitionNamePrefix") or ""
    return json.dumps({"queryDefinitions": [one for one in definitions(self).values() if one["name"].startswith(prefix)]})


@add(LogsResponse)
def delete_query_definition(self):
    return json.dumps({"success": definitions(self).pop(self._get_param("queryDefinitionId"), None) is not None})
