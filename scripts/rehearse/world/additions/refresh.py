"""Instance refresh, which moto has not at all: one more machine of the new version, and when it serves one of the old ones ends."""

import time
import uuid
from datetime import datetime, timezone

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult

from .lifecycle import ENDING, are_run, end, one_at_a_time, pass_time
from .patch import add, around, kept

ACTIVE = ("Pending", "InProgress", "Baking", "RollbackInProgress")
LONGEST_SECONDS = 172_800
MOST_ALARMS = 10


class RefreshInProgress(AutoscalingClientError):
    code = "InstanceRefreshInProgress"


class NoActiveRefresh(AutoscalingClientError):
    code = "ActiveInstanceRefreshNotFound"


class IrreversibleRefresh(AutoscalingClientError):
    code = "IrreversibleInstanceRefresh"


def now():
    return datetime.now(timezone.utc)


class Refresh:
    def __init__(self, group, template, preferences):
        self.id = str(uuid.uuid4())
        self.group = group
        self.template = template
        self.preferences = preferences
        self.before = group.launch_template_version
        self.status, self.reason = "Pending", None
        self.started, self.ended = now(), None
        self.reached = []
        self.waits_until = None
        self.bakes_until = None

    @property
    def version(self):
        return str((self.template or {}).get("Version") or self.group.launch_template_version)

    def number(self, key, otherwise):
        return int(self.preferences.get(key, otherwise))

    @property
    def warm_up(self):
        return self.number("InstanceWarmup", getattr(self.group, "default_instance_warmup", None) or 0)

    def of_version(self, version):
        return [state for state in self.group.active_instances() if state.world_version == version]

    @property
    def updated(self):
        return [s for s in self.of_version(self.version) if s.lifecycle_state == "InService" and time.monotonic() - s.world_since >= self.warm_up]

    @property
    def percentage(self):
        if self.status in ("Successful", "RollbackSuccessful"):
            return 100
        return min(100, 100 * len(self.updated) // max(self.group.desired_capacity, 1))

    def describe(self):
        left = max(self.group.desired_capacity - len(self.updated), 0)
        said = {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": self.group.name,
            "Status": self.status,
            "StatusReason": self.reason,
            "StartTime": self.started,
            "EndTime": self.ended,
            "PercentageComplete": self.percentage,
            "InstancesToUpdate": 0 if self.percentage == 100 else left,
            "Preferences": self.preferences,
            "DesiredConfiguration": {"LaunchTemplate": self.template} if self.template else None,
        }
        return {key: value for key, value in said.items() if value is not None}


def refuse_what_aws_refuses(preferences, template):
    alarms = (preferences.get("AlarmSpecification") or {}).get("Alarms", [])
    if len(alarms) > MOST_ALARMS:
        raise ValidationError(f"AlarmSpecification has {len(alarms)} alarms; at most {MOST_ALARMS}")
    for key in ("CheckpointDelay", "BakeTime"):
        if not 0 <= int(preferences.get(key, 0)) <= LONGEST_SECONDS:
            raise ValidationError(f"{key} must be between 0 and {LONGEST_SECONDS}")
    points = [int(one) for one in preferences.get("CheckpointPercentages", [])]
    if points != sorted(set(points)) or any(not 1 <= one <= 100 for one in points):
        raise ValidationError("CheckpointPercentages must rise, each between 1 and 100")
    if preferences.get("AutoRollback") in (True, "true"):
        if not template:
            raise ValidationError("AutoRollback cannot be true when DesiredConfiguration is empty")
        if str(template.get("Version", "$Default")) in ("$Latest", "$Default"):
            raise ValidationError("AutoRollback cannot be used with the launch template version $Latest or $Default")


def refreshes(self):
    return kept(self.autoscaling_backend, "refreshes")


def active(self):
    name = self._get_param("AutoScalingGroupName")
    found = next((one for one in refreshes(self).values() if one.group.name == name and one.status in ACTIVE), None)
    if found is None:
        raise NoActiveRefresh(f"No in progress or pending Instance Refresh found for Auto Scaling group {name}")
    return found


@add(AutoScalingResponse)
def start_instance_refresh(self):
    name = self._get_param("AutoScalingGroupName")
    group = self.autoscaling_backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup {name} not found")
    if any(one.group is group and one.status in ACTIVE for one in refreshes(self).values()):
        raise RefreshInProgress("An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.")
    template = (self._get_param("DesiredConfiguration") or {}).get("LaunchTemplate")
    preferences = self._get_param("Preferences") or {}
    refuse_what_aws_refuses(preferences, template)
    if template:
        known = [str(one.number) for one in group.ec2_launch_template.versions]
        if str(template.get("Version")) not in known:
            raise ValidationError(f"You must use a valid fully-formed launch template. The version {template.get('Version')} does not exist")
    refresh = Refresh(group, template, preferences)
    refreshes(self)[refresh.id] = refresh
    return ActionResult({"InstanceRefreshId": refresh.id})


@add(AutoScalingResponse)
def describe_instance_refreshes(self):
    pass_time(self.autoscaling_backend)
    move_on(self.autoscaling_backend)
    wanted = self._get_param("InstanceRefreshIds", [])
    name = self._get_param("AutoScalingGroupName")
    found = [one for one in refreshes(self).values() if one.group.name == name and (not wanted or one.id in wanted)]
    return ActionResult({"InstanceRefreshes": [one.describe() for one in reversed(found)]})


@add(AutoScalingResponse)
def cancel_instance_refresh(self):
    refresh = active(self)
    finish(refresh, "Cancelled", "Cancelled by user")
    return ActionResult({"InstanceRefreshId": refresh.id})


@add(AutoScalingResponse)
def rollback_instance_refresh(self):
    refresh = active(self)
    if not refresh.template or refresh.status == "RollbackInProgress":
        raise IrreversibleRefresh("The instance refresh cannot be rolled back: it has no desired configuration, or is rolling back")
    roll_back(refresh, "Rolled back by user")
    return ActionResult({"InstanceRefreshId": refresh.id})


def becomes(refresh):
    """From now on what the group launches by itself is of this version, too."""
    refresh.group.launch_template_version = refresh.group.provided_launch_template_version = refresh.version


def finish(refresh, status, reason=None):
    refresh.status, refresh.reason, refresh.ended = status, reason, now()
    refresh.group.world_surplus = set()


def roll_back(refresh, reason):
    refresh.status, refresh.reason = "RollbackInProgress", reason
    refresh.template = {**refresh.template, "Version": resolved(refresh.group, refresh.before)}
    # What the refresh started and does not serve is not waited for.
    for state in refresh.group.active_instances():
        if state.world_version != refresh.version and state.lifecycle_state != "InService":
            end(refresh.group, state)


def resolved(group, version):
    return str(group.ec2_launch_template.get_version(version).number)


def alarm_that_rings(refresh):
    names = (refresh.preferences.get("AlarmSpecification") or {}).get("Alarms", [])
    alarms = cloudwatch_backends[refresh.group.account_id][refresh.group.region].alarms
    return next((name for name in names if name in alarms and alarms[name].state_value == "ALARM"), None)


def move_on(backend):
    with one_at_a_time:
        for refresh in kept(backend, "refreshes").values():
            if refresh.status in ACTIVE:
                step(refresh)


def step(refresh):
    rings = refresh.status != "RollbackInProgress" and alarm_that_rings(refresh)
    if rings and refresh.preferences.get("AutoRollback") in (True, "true"):
        return roll_back(refresh, f"Alarm {rings} went into ALARM")
    if rings:
        return finish(refresh, "Failed", f"Alarm {rings} went into ALARM")
    if refresh.status == "Pending":
        refresh.status = "InProgress"
    if refresh.status != "RollbackInProgress" and is_held(refresh):
        return None
    others = [state for state in refresh.group.active_instances() if state.world_version != refresh.version]
    if others:
        return replace_one(refresh, others)
    if len(refresh.updated) < refresh.group.desired_capacity:
        return None
    if refresh.status == "RollbackInProgress":
        becomes(refresh)
        return finish(refresh, "RollbackSuccessful", refresh.reason)
    if refresh.bakes_until is None:
        refresh.bakes_until = time.monotonic() + refresh.number("BakeTime", 0)
    if time.monotonic() < refresh.bakes_until:
        refresh.status = "Baking"
        return None
    becomes(refresh)
    return finish(refresh, "Successful")


def is_held(refresh):
    """At a checkpoint: its delay is an hour if nobody says another."""
    points = [int(one) for one in refresh.preferences.get("CheckpointPercentages", [])]
    for point in points:
        if point in refresh.reached or refresh.percentage < point:
            continue
        refresh.reached.append(point)
        delay = refresh.number("CheckpointDelay", 3_600)
        refresh.waits_until = time.monotonic() + delay
        refresh.reason = f"Waiting for {delay} seconds before continuing. For example: checkpoint {point}% reached"
    if refresh.waits_until is not None and time.monotonic() < refresh.waits_until:
        return True
    if refresh.waits_until is not None:
        refresh.waits_until, refresh.reason = None, None
    # Past the last checkpoint nothing more is replaced.
    return False


def replace_one(refresh, others):
    """100 to 150 percent healthy: the new machine serves and is warm before an old one goes."""
    group = refresh.group
    starting = [state for state in refresh.of_version(refresh.version) if state not in refresh.updated]
    if starting:
        return
    if len(group.active_instances()) > group.desired_capacity:
        end(group, others[0])
        group.world_surplus = set()
        if not are_run(group.autoscaling_backend):
            leave_at_once(group, others[0])
        return
    before, group.launch_template_version = group.launch_template_version, refresh.version
    known = {state.instance.id for state in group.instance_states}
    try:
        group.replace_autoscaling_group_instances(1, group.get_propagated_tags())
    finally:
        group.launch_template_version = before
    group.world_surplus = {state.instance.id for state in group.instance_states} - known
    group.autoscaling_backend.update_attached_target_groups(group.name)


def leave_at_once(group, state):
    if state.lifecycle_state == ENDING:
        group.instance_states.remove(state)
        group.autoscaling_backend.ec2_backend.terminate_instances([state.instance.id])


@around(AutoScalingResponse)
def describe_auto_scaling_groups(original, self):
    move_on(self.autoscaling_backend)
    return original(self)
