from moto.athena.responses import AthenaResponse

from .patch import add


# A saved query cannot be deleted.
@add(AthenaResponse)
def delete_named_query(self):
    self.athena_backend.named_queries.pop(self._get_param("NamedQueryId"), None)
    return "{}"
