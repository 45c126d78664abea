"""Launch hooks that hold and terminations that take their time, where somebody runs the machines of the world's groups."""

import threading
import time

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    AutoScalingBackend,
    FakeAutoScalingGroup,
    InstanceState,
    TerminateInstanceActivity,
    autoscaling_backends,
)
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult
from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup, elbv2_backends

from .patch import add, around, kept

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
WAITING, ENDING = "Pending:Wait", "Terminating"
one_at_a_time = threading.RLock()


def run_by_somebody(account, region, patience=1):
    """From now on a machine of this region enters service when it says so, and its health is what its load balancer found.

    Who runs them on a busy machine asks for patience: the hooks then wait so many times as long."""
    backend = autoscaling_backends[account][region]
    kept(backend, "machines").update(run=True, patience=patience)
    for group in backend.autoscaling_groups.values():
        for state in group.instance_states if launch_hook(backend, group) else ():
            leave_targets(group, state)
            state.lifecycle_state, state.world_since = WAITING, time.monotonic()


def are_run(backend):
    return kept(backend, "machines").get("run", False)


# A launch hook holds nothing: each machine is in service at once.
def launch_hook(backend, group):
    return next((hook for hook in backend.lifecycle_hooks.values() if hook.auto_scaling_group_name == group.name and hook.lifecycle_transition == LAUNCHING), None)


# Hooks that are given when a group is made are forgotten.
@around(AutoScalingResponse)
def create_auto_scaling_group(original, self):
    name = self._get_param("AutoScalingGroupName")
    for hook in self._get_param("LifecycleHookSpecificationList", []):
        self.autoscaling_backend.create_lifecycle_hook(
            name=hook["LifecycleHookName"],
            as_name=name,
            transition=hook["LifecycleTransition"],
            timeout=int(hook.get("HeartbeatTimeout") or 3_600),
            result=hook.get("DefaultResult"),
        )
    return original(self)


# A hook outlives its group.
@around(AutoScalingBackend)
def delete_auto_scaling_group(original, self, group_name):
    answer = original(self, group_name)
    for key in [key for key, hook in self.lifecycle_hooks.items() if hook.auto_scaling_group_name == group_name]:
        del self.lifecycle_hooks[key]
    return answer


@around(InstanceState)
def __init__(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    self.world_since = time.monotonic()
    group = self.auto_scaling_group
    backend = group and group.autoscaling_backend
    if backend and are_run(backend) and launch_hook(backend, group):
        self.lifecycle_state = WAITING


@around(FakeAutoScalingGroup)
def active_instances(original, self):
    return [state for state in self.instance_states if state.lifecycle_state in ("InService", WAITING)]


def enter_service(group, state):
    state.lifecycle_state, state.world_since = "InService", time.monotonic()
    group.autoscaling_backend.update_attached_target_groups(group.name)


@add(AutoScalingResponse)
def complete_lifecycle_action(self):
    backend = self.autoscaling_backend
    group = backend.autoscaling_groups.get(self._get_param("AutoScalingGroupName"))
    wanted = self._get_param("InstanceId")
    state = next((one for one in group.instance_states if one.instance.id == wanted), None) if group else None
    hook = launch_hook(backend, group) if group else None
    if hook is None or hook.name != self._get_param("LifecycleHookName") or state is None or state.lifecycle_state != WAITING:
        raise ValidationError(f"No active Lifecycle Action found with instance ID {wanted}")
    with one_at_a_time:
        finish_launch(group, state, self._get_param("LifecycleActionResult"))
    return EmptyResult()


def finish_launch(group, state, result):
    if result == "CONTINUE":
        return enter_service(group, state)
    group.world_abandoned = getattr(group, "world_abandoned", 0) + 1
    end(group, state)
    launch_missing(group)


# A machine that goes is gone at once: its load balancer lets it finish nothing.
def end(group, state):
    leave_targets(group, state)
    was_serving = state.lifecycle_state == "InService"
    state.lifecycle_state = ENDING
    state.world_ends = time.monotonic() + (drain_seconds(group) if was_serving else 0)


def leave_targets(group, state):
    for arn in group.target_group_arns:
        target_group = elbv2_backends[group.account_id][group.region].target_groups[arn]
        if state.instance.id in target_group.targets:
            target_group.deregister([{"Id": state.instance.id}])


def drain_seconds(group):
    groups = elbv2_backends[group.account_id][group.region].target_groups
    delays = [int(groups[arn].attributes["deregistration_delay.timeout_seconds"]) for arn in group.target_group_arns]
    return max(delays, default=0)


def launch_missing(group):
    group.set_desired_capacity(group.desired_capacity)


@around(AutoScalingBackend)
def terminate_instance(original, self, instance_id, should_decrement):
    if not are_run(self):
        return original(self, instance_id, should_decrement)
    found = ((group, state) for group in self.autoscaling_groups.values() for state in group.instance_states)
    group, state = next(pair for pair in found if pair[1].instance.id == instance_id)
    activity = TerminateInstanceActivity(state.instance, group.desired_capacity)
    with one_at_a_time:
        if state.lifecycle_state != ENDING:
            end(group, state)
            if should_decrement:
                group.desired_capacity -= 1
            launch_missing(group)
    return activity


@around(FakeAutoScalingGroup)
def set_desired_capacity(original, self, new_capacity):
    if not are_run(self.autoscaling_backend):
        return original(self, new_capacity)
    with one_at_a_time:
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        active = self.active_instances()
        missing = self.desired_capacity - len(active) + len(surplus(self))
        if missing > 0:
            self.replace_autoscaling_group_instances(missing, self.get_propagated_tags())
        for state in active[: max(-missing, 0)]:
            end(self, state)
        if self.name in self.autoscaling_backend.autoscaling_groups:
            self.autoscaling_backend.update_attached_target_groups(self.name)


def surplus(group):
    """Machines beside the desired number, of a refresh that starts the new one before it ends the old one. Of no machine none is beside."""
    ids = getattr(group, "world_surplus", set()) if group.desired_capacity > 0 else set()
    return [state for state in group.active_instances() if state.instance.id in ids]


# Whatever is in a group is a target, also before it is in service.
@around(AutoScalingBackend)
def update_attached_target_groups(original, self, group_name):
    if not are_run(self):
        return original(self, group_name)
    group = self.autoscaling_groups[group_name]
    for arn in group.target_group_arns:
        target_group = elbv2_backends[self.account_id][self.region_name].target_groups[arn]
        serving = [state.instance.id for state in group.instance_states if state.lifecycle_state == "InService"]
        target_group.register([{"Id": one, "Port": target_group.port} for one in serving if one not in target_group.targets])


def pass_time(backend):
    """What time alone does: a hook that nobody completes, a machine that has drained."""
    if not are_run(backend):
        return
    with one_at_a_time:
        for group in list(backend.autoscaling_groups.values()):
            hook = launch_hook(backend, group)
            for state in list(group.instance_states):
                waits = state.lifecycle_state == WAITING and hook
                if waits and time.monotonic() - state.world_since > int(hook.heartbeat_timeout) * kept(backend, "machines")["patience"]:
                    finish_launch(group, state, hook.default_result)
                if state.lifecycle_state == ENDING and time.monotonic() >= state.world_ends:
                    group.instance_states.remove(state)
                    backend.ec2_backend.terminate_instances([state.instance.id])


@around(AutoScalingResponse)
def describe_auto_scaling_groups(original, self):
    pass_time(self.autoscaling_backend)
    return original(self)


# Every target is healthy.
def say_health(account, region, health):
    """{arn of the target group: {instance: [state, reason, description]}}, as a load balancer found it."""
    for arn, states in health.items():
        target_group = elbv2_backends[account][region].target_groups.get(arn)
        if target_group:
            target_group.world_health = states


@around(FakeTargetGroup)
def health_for(original, self, target, ec2_backend):
    found = getattr(self, "world_health", {}).get(target["Id"])
    registered = self.targets.get(target["Id"])
    if found is None or registered is None:
        return original(self, target, ec2_backend)
    return FakeHealthStatus(target["Id"], registered["Port"], self.health_check_port, *found)
