from moto.autoscaling.models import FakeScalingPolicy, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from .patch import add, around, kept

# Notifications to a topic do not exist.


def notifications(self):
    return kept(self.autoscaling_backend, "notifications")


@add(AutoScalingResponse)
def put_notification_configuration(self):
    key = (self._get_param("AutoScalingGroupName"), self._get_param("TopicARN"))
    notifications(self)[key] = self._get_param("NotificationTypes", [])
    return EmptyResult()


@add(AutoScalingResponse)
def describe_notification_configurations(self):
    wanted = self._get_param("AutoScalingGroupNames", [])
    return ActionResult(
        {
            "NotificationConfigurations": [
                {"AutoScalingGroupName": group, "TopicARN": topic, "NotificationType": kind}
                for (group, topic), kinds in notifications(self).items()
                if not wanted or group in wanted
                for kind in kinds
            ]
        }
    )


@add(AutoScalingResponse)
def delete_notification_configuration(self):
    notifications(self).pop((self._get_param("AutoScalingGroupName"), self._get_param("TopicARN")), None)
    return EmptyResult()


# A lifecycle hook forgets whom it tells.
@around(AutoScalingResponse)
def put_lifecycle_hook(original, self):
    answer = original(self)
    name = f"{self._get_param('AutoScalingGroupName')}_{self._get_param('LifecycleHookName')}"
    hook = self.autoscaling_backend.lifecycle_hooks[name]
    hook.notification_target_arn = self._get_param("NotificationTargetARN")
    hook.role_arn = self._get_param("RoleARN")
    hook.notification_metadata = self._get_param("NotificationMetadata")
    return answer


# A scaling policy reads back as switched off, with an empty predictive configuration.
FakeScalingPolicy.enabled = True


@around(FakeScalingPolicy)
def __init__(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    self.predictive_scaling_configuration = self.predictive_scaling_configuration or None


# The default warm-up of a group, the longest life of its machines and how many must stay healthy meanwhile are forgotten.
REMEMBERED = {"DefaultInstanceWarmup": "default_instance_warmup", "MaxInstanceLifetime": "max_instance_lifetime"}


def remember(original, self):
    answer = original(self)
    group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
    for parameter, attribute in REMEMBERED.items():
        if self._get_int_param(parameter) is not None:
            setattr(group, attribute, self._get_int_param(parameter))
    policy = self._get_param("InstanceMaintenancePolicy")
    if policy is not None:
        group.instance_maintenance_policy = {name: int(percent) for name, percent in policy.items()}
    return answer


@around(AutoScalingResponse)
def create_auto_scaling_group(original, self):
    return remember(original, self)


@around(AutoScalingResponse)
def update_auto_scaling_group(original, self):
    return remember(original, self)


# A machine says that it is of the template's default version, whichever it was made from.
@around(InstanceState)
def __init__(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    group = self.auto_scaling_group
    template = group and group.ec2_launch_template
    self.world_version = template and str(template.get_version(group.launch_template_version).number)


moto_launch_template = InstanceState.launch_template.fget
InstanceState.launch_template = property(lambda self: {**moto_launch_template(self), "Version": self.world_version} if self.world_version else None)
