import json
import time
from urllib.parse import unquote

from moto.core.exceptions import JsonRESTError
from moto.synthetics import urls
from moto.synthetics.models import Canary, SyntheticsBackend
from moto.synthetics.responses import SyntheticsResponse

from .patch import add, around


class NoSuchCanary(JsonRESTError):
    code = 404

    def __init__(self, name):
        super().__init__("ResourceNotFoundException", f"There is no canary {name}.")


# A canary that is not there is an error of the server.
@around(SyntheticsBackend)
def get_canary(original, self, name, dry_run_id=None):
    if name not in self.canaries:
        raise NoSuchCanary(name)
    return self.canaries[name]


# Times are texts where the SDKs want numbers, and the function behind a canary is not told.
@around(Canary)
def to_dict(original, self):
    described = original(self)
    created = self.timeline["Created"].timestamp()
    described["Timeline"] = {"Created": created, "LastModified": created}
    described["EngineArn"] = getattr(self, "engine_arn", None)
    return described


def named(self):
    return self.synthetics_backend.get_canary(unquote(self.path).split("/")[2])


# The code of a canary is kept as it came, archive and all; AWS tells its handler and where it lies.
@around(SyntheticsResponse)
def create_canary(original, self):
    described = json.loads(original(self))
    canary = self.synthetics_backend.canaries[described["Canary"]["Name"]]
    place = f"{self.region}:{self.current_account}"
    canary.engine_arn = f"arn:aws:lambda:{place}:function:cwsyn-{canary.name}-{canary.id}:1"
    canary.code = {"Handler": canary.code.get("Handler"), "SourceLocationArn": f"arn:aws:lambda:{place}:layer:cwsyn-{canary.name}-{canary.id}:1"}
    return json.dumps({"Canary": canary.to_dict()})


# A canary can be neither started nor stopped, changed or deleted.
for path in ("start", "stop"):
    urls.url_paths["{0}/canary/(?P<name>[^/]+)/" + path + "$"] = SyntheticsResponse.dispatch


@add(SyntheticsResponse)
def start_canary(self):
    named(self).state = "RUNNING"
    return "{}"


@add(SyntheticsResponse)
def stop_canary(self):
    named(self).state = "STOPPED"
    return "{}"


@add(SyntheticsResponse)
def update_canary(self):
    canary, wanted = named(self), json.loads(self.body)
    if "Code" in wanted:
        canary.code["Handler"] = wanted["Code"].get("Handler", canary.code["Handler"])
    for name, attribute in CHANGEABLE.items():
        if name in wanted:
            setattr(canary, attribute, wanted[name])
    return "{}"


CHANGEABLE = {
    "ExecutionRoleArn": "execution_role_arn",
    "RuntimeVersion": "runtime_version",
    "Schedule": "schedule",
    "RunConfig": "run_config",
    "SuccessRetentionPeriodInDays": "success_retention_period_in_days",
    "FailureRetentionPeriodInDays": "failure_retention_period_in_days",
    "ArtifactS3Location": "artifact_s3_location",
    "ArtifactConfig": "artifact_config",
}


@add(SyntheticsResponse)
def delete_canary(self):
    del self.synthetics_backend.canaries[named(self).name]
    return "{}"
