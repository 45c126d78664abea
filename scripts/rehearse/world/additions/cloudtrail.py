import json

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
