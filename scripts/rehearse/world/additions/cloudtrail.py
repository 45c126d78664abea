import json

from moto.cloudtrail.models import CloudTrailBackend
from moto.cloudtrail.responses import CloudTrailResponse

from .patch import around


# Asked for one trail by name or ARN, it describes all of every region.
@around(CloudTrailResponse)
def describe_trails(original, self):
    answer = json.loads(original(self))
    wanted = self._get_param("trailNameList")
    if wanted:
        answer["trailList"] = [trail for trail in answer["trailList"] if trail["Name"] in wanted or trail["TrailARN"] in wanted]
    return json.dumps(answer)


# Deleting a trail by its ARN, as the provider does, does nothing.
@around(CloudTrailBackend)
def delete_trail(original, self, name):
    original(self, name.split("/")[-1])
