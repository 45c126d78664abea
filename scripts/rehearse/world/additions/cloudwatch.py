from moto.cloudwatch.models import Alarm
from moto.cloudwatch.responses import CloudWatchResponse

from .patch import add


# Composite alarms cannot be put, although describing and deleting them works.
@add(CloudWatchResponse)
def put_composite_alarm(self):
    return self.put_metric_alarm()


Alarm.alarm_rule = property(lambda self: self.rule)
