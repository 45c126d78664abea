GROUP = "api"
TOPIC = "arn:aws:sns:eu-north-1:123456789012:alarms"


def autoscaling_with_group(client, **more):
    autoscaling = client("autoscaling")
    autoscaling.create_launch_configuration(LaunchConfigurationName="api", ImageId="ami-12345678", InstanceType="t3.micro")
    settings = {"MinSize": 0, "MaxSize": 2, "LaunchConfigurationName": "api", "AvailabilityZones": ["eu-north-1a"]}
    autoscaling.create_auto_scaling_group(AutoScalingGroupName=GROUP, **settings, **more)
    return autoscaling


def test_notifications_are_kept_until_they_are_deleted(client):
    autoscaling = autoscaling_with_group(client)
    kind = "autoscaling:EC2_INSTANCE_TERMINATE"
    autoscaling.put_notification_configuration(AutoScalingGroupName=GROUP, TopicARN=TOPIC, NotificationTypes=[kind])
    found = autoscaling.describe_notification_configurations(AutoScalingGroupNames=[GROUP])["NotificationConfigurations"]
    assert found == [{"AutoScalingGroupName": GROUP, "TopicARN": TOPIC, "NotificationType": kind}]
    autoscaling.delete_notification_configuration(AutoScalingGroupName=GROUP, TopicARN=TOPIC)
    assert autoscaling.describe_notification_configurations()["NotificationConfigurations"] == []


def test_a_lifecycle_hook_remembers_whom_it_tells(client):
    autoscaling = autoscaling_with_group(client)
    target = {"NotificationTargetARN": TOPIC, "RoleARN": "arn:aws:iam::123456789012:role/hook"}
    transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    autoscaling.put_lifecycle_hook(AutoScalingGroupName=GROUP, LifecycleHookName="drain", LifecycleTransition=transition, **target)
    (hook,) = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=GROUP)["LifecycleHooks"]
    assert {key: hook[key] for key in target} == target


def test_a_lifecycle_hook_goes_with_its_group(client):
    autoscaling = autoscaling_with_group(client)
    autoscaling.put_lifecycle_hook(AutoScalingGroupName=GROUP, LifecycleHookName="launch", LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING")
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=GROUP)
    assert autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=GROUP)["LifecycleHooks"] == []


def test_a_scaling_policy_is_switched_on_and_not_predictive(client):
    autoscaling = autoscaling_with_group(client)
    target = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 50.0}
    autoscaling.put_scaling_policy(
        AutoScalingGroupName=GROUP, PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=target
    )
    (policy,) = autoscaling.describe_policies(AutoScalingGroupName=GROUP)["ScalingPolicies"]
    assert policy["Enabled"] is True and "PredictiveScalingConfiguration" not in policy


def test_the_default_warm_up_of_a_group_and_the_longest_life_of_its_machines_are_kept(client):
    autoscaling = autoscaling_with_group(client, DefaultInstanceWarmup=90, MaxInstanceLifetime=2_592_000)

    def described():
        (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
        return group["DefaultInstanceWarmup"], group["MaxInstanceLifetime"]

    assert described() == (90, 2_592_000)
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, DefaultInstanceWarmup=120)
    assert described() == (120, 2_592_000)


def test_how_many_machines_of_a_group_stay_healthy_while_others_are_replaced_is_kept(client):
    autoscaling = autoscaling_with_group(client, InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150})
    (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    assert group["InstanceMaintenancePolicy"] == {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}
