from moto.core.responses import EmptyResult
from moto.glue.models import FakeConnection
from moto.glue.responses import GlueResponse

from .patch import add, around


# A connection does not say its type.
@around(FakeConnection)
def as_dict(original, self, *args, **kwargs):
    return {"ConnectionType": self.connection_input.get("ConnectionType"), **original(self, *args, **kwargs)}


# A connection cannot be deleted.
@add(GlueResponse)
def delete_connection(self):
    self.glue_backend.connections.pop(self._get_param("ConnectionName"), None)
    return EmptyResult()
