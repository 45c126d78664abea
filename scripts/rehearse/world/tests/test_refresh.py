import json
import time
import urllib.request

from botocore.exceptions import ClientError

GROUP = "api"
LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"


def group_with_two_versions(client, capacity=2, hook=False, hook_seconds=3_600, zone="eu-north-1a", **more):
    ec2, autoscaling = client("ec2"), client("autoscaling")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    data = {"ImageId": image, "InstanceType": "t3.micro"}
    template = ec2.create_launch_template(LaunchTemplateName="api", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData={**data, "UserData": "djI="})
    settings = {"MinSize": 0, "MaxSize": 4, "AvailabilityZones": [zone], "DefaultInstanceWarmup": 0}
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        DesiredCapacity=0,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
        LifecycleHookSpecificationList=[{"LifecycleHookName": "ready", "LifecycleTransition": LAUNCHING, "HeartbeatTimeout": hook_seconds}] if hook else [],
        **settings,
        **more,
    )
    autoscaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=capacity)
    return autoscaling, {"LaunchTemplate": {"LaunchTemplateId": template, "Version": "2"}}


def run_machines(client, region="eu-north-1", patience=1):
    asked = f"region={region}&account={client.account}&patience={patience}"
    urllib.request.urlopen(f"{client.url}/world/machines?{asked}", data=b"").read()


def machines(autoscaling):
    (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    return [(one["LaunchTemplate"]["Version"], one["LifecycleState"], one["InstanceId"]) for one in group["Instances"]]


def last_refresh(autoscaling):
    return autoscaling.describe_instance_refreshes(AutoScalingGroupName=GROUP)["InstanceRefreshes"][0]


def until(look):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("not seen within 30 s")


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return str(error)
    raise AssertionError(f"not refused with {code}")


def test_a_refresh_replaces_each_machine_by_one_of_the_wanted_version(client):
    autoscaling, wanted = group_with_two_versions(client)
    autoscaling.start_instance_refresh(AutoScalingGroupName=GROUP, DesiredConfiguration=wanted, Preferences={"InstanceWarmup": 0})
    refused("InstanceRefreshInProgress", autoscaling.start_instance_refresh, AutoScalingGroupName=GROUP)
    until(lambda: last_refresh(autoscaling)["Status"] == "Successful")
    assert [version for version, _, _ in machines(autoscaling)] == ["2", "2"]
    assert last_refresh(autoscaling)["PercentageComplete"] == 100
    (group,) = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["LaunchTemplate"]["Version"] == "2"


def test_a_refresh_waits_at_its_checkpoint_and_can_be_rolled_back_there(client):
    autoscaling, wanted = group_with_two_versions(client)
    preferences = {"InstanceWarmup": 0, "CheckpointPercentages": [50, 100]}
    autoscaling.start_instance_refresh(AutoScalingGroupName=GROUP, DesiredConfiguration=wanted, Preferences=preferences)
    held = until(lambda: "checkpoint" in last_refresh(autoscaling).get("StatusReason", "") and last_refresh(autoscaling))
    assert held["PercentageComplete"] == 50 and "3600 seconds" in held["StatusReason"], "an hour unless said"
    autoscaling.rollback_instance_refresh(AutoScalingGroupName=GROUP)
    until(lambda: last_refresh(autoscaling)["Status"] == "RollbackSuccessful")
    assert [version for version, _, _ in machines(autoscaling)] == ["1", "1"]
    refused("ActiveInstanceRefreshNotFound", autoscaling.rollback_instance_refresh, AutoScalingGroupName=GROUP)


def test_a_refresh_is_rolled_back_by_an_alarm_that_rings(client):
    autoscaling, wanted = group_with_two_versions(client)
    alarm = {"Namespace": "n", "MetricName": "m", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0, "Statistic": "Sum"}
    client("cloudwatch").put_metric_alarm(AlarmName="errors", ComparisonOperator="GreaterThanThreshold", **alarm)
    preferences = {"InstanceWarmup": 0, "BakeTime": 600, "AutoRollback": True, "AlarmSpecification": {"Alarms": ["errors"]}}
    autoscaling.start_instance_refresh(AutoScalingGroupName=GROUP, DesiredConfiguration=wanted, Preferences=preferences)
    until(lambda: last_refresh(autoscaling)["Status"] == "Baking")
    client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a test")
    until(lambda: last_refresh(autoscaling)["Status"] == "RollbackSuccessful")
    assert "errors" in last_refresh(autoscaling)["StatusReason"]


def test_a_refresh_refuses_what_aws_refuses(client):
    autoscaling, wanted = group_with_two_versions(client)
    start = autoscaling.start_instance_refresh
    latest = {"LaunchTemplate": {**wanted["LaunchTemplate"], "Version": "$Latest"}}
    refused("ValidationError", start, AutoScalingGroupName=GROUP, Preferences={"AutoRollback": True})
    refused("ValidationError", start, AutoScalingGroupName=GROUP, DesiredConfiguration=latest, Preferences={"AutoRollback": True})
    many = {"AlarmSpecification": {"Alarms": [f"alarm-{number}" for number in range(11)]}}
    refused("ValidationError", start, AutoScalingGroupName=GROUP, DesiredConfiguration=wanted, Preferences=many)
    refused("ValidationError", start, AutoScalingGroupName=GROUP, DesiredConfiguration=wanted, Preferences={"CheckpointPercentages": [50, 20]})
    unknown = {"LaunchTemplate": {**wanted["LaunchTemplate"], "Version": "9"}}
    assert "9" in refused("ValidationError", start, AutoScalingGroupName=GROUP, DesiredConfiguration=unknown)


def test_a_machine_waits_for_its_launch_hook_where_machines_are_run(client):
    run_machines(client)
    autoscaling, _ = group_with_two_versions(client, capacity=1, hook=True)
    ((_, state, machine),) = machines(autoscaling)
    assert state == "Pending:Wait"
    action = {"AutoScalingGroupName": GROUP, "LifecycleHookName": "ready"}
    autoscaling.complete_lifecycle_action(**action, InstanceId=machine, LifecycleActionResult="CONTINUE")
    assert machines(autoscaling) == [("1", "InService", machine)]
    refused("ValidationError", autoscaling.complete_lifecycle_action, **action, InstanceId=machine, LifecycleActionResult="CONTINUE")


def test_an_abandoned_machine_is_ended_and_another_one_is_started(client):
    run_machines(client)
    autoscaling, _ = group_with_two_versions(client, capacity=1, hook=True)
    ((_, _, machine),) = machines(autoscaling)
    action = {"AutoScalingGroupName": GROUP, "LifecycleHookName": "ready", "LifecycleActionResult": "ABANDON"}
    autoscaling.complete_lifecycle_action(**action, InstanceId=machine)
    ((_, state, other),) = until(lambda: len(machines(autoscaling)) == 1 and machines(autoscaling))
    assert other != machine and state == "Pending:Wait"


def test_a_hook_that_nobody_completes_gives_another_machine_and_waits_longer_where_patience_is_asked_for(client):
    run_machines(client, patience=3_600)
    run_machines(client, "eu-south-1")
    patient, _ = group_with_two_versions(client, capacity=1, hook=True, hook_seconds=1)
    ((_, _, held),) = machines(patient)
    hasty, _ = group_with_two_versions(lambda service: client(service, "eu-south-1"), capacity=1, hook=True, hook_seconds=1, zone="eu-south-1a")
    ((_, _, abandoned),) = machines(hasty)
    until(lambda: abandoned not in [one for _, _, one in machines(hasty)])
    assert machines(patient) == [("1", "Pending:Wait", held)]


def test_a_machine_that_is_ended_drains_and_is_replaced_where_machines_are_run(client):
    ec2, elb = client("ec2"), client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    targets = elb.create_target_group(Name="api", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "1"}]
    elb.modify_target_group_attributes(TargetGroupArn=targets, Attributes=delay)
    run_machines(client)
    autoscaling, _ = group_with_two_versions(client, capacity=1, TargetGroupARNs=[targets])
    ((_, _, machine),) = machines(autoscaling)
    found = {targets: {machine: ["unhealthy", "Target.Timeout", "Request timed out"]}}
    address = f"{client.url}/world/health?region=eu-north-1&account={client.account}"
    urllib.request.urlopen(address, data=json.dumps(found).encode()).read()
    (health,) = elb.describe_target_health(TargetGroupArn=targets)["TargetHealthDescriptions"]
    assert health["TargetHealth"]["State"] == "unhealthy" and health["TargetHealth"]["Reason"] == "Target.Timeout"
    autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=machine, ShouldDecrementDesiredCapacity=False)
    states = {one: state for _, state, one in machines(autoscaling)}
    assert states.pop(machine) == "Terminating" and list(states.values()) == ["InService"]
    ids = [one["Target"]["Id"] for one in elb.describe_target_health(TargetGroupArn=targets)["TargetHealthDescriptions"]]
    assert ids == list(states), "it gets no more requests"
    until(lambda: machine not in [one for _, _, one in machines(autoscaling)])


def test_a_group_that_shall_have_no_machine_ends_that_of_a_refresh_too(client):
    run_machines(client)
    autoscaling, wanted = group_with_two_versions(client, capacity=1, hook=True)
    ((_, _, serving),) = machines(autoscaling)
    action = {"AutoScalingGroupName": GROUP, "LifecycleHookName": "ready", "LifecycleActionResult": "CONTINUE"}
    autoscaling.complete_lifecycle_action(**action, InstanceId=serving)
    autoscaling.start_instance_refresh(AutoScalingGroupName=GROUP, DesiredConfiguration=wanted)
    until(lambda: last_refresh(autoscaling) and len(machines(autoscaling)) == 2)
    autoscaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=0)
    until(lambda: machines(autoscaling) == [])
