def test_a_rule_from_another_group_keeps_its_description(client):
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    target, source = (ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("to", "from"))
    pair = {"GroupId": source, "Description": "the load balancer"}
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}
    ec2.authorize_security_group_ingress(GroupId=target, IpPermissions=[permission])
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [target]}])["SecurityGroupRules"]
    assert [rule["Description"] for rule in rules if not rule["IsEgress"]] == ["the load balancer"]


def test_tags_of_a_launch_template_stay_out_of_its_version(client):
    ec2 = client("ec2")
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "Name", "Value": "api"}]}]
    data = {"ImageId": "ami-12345678"}
    template = ec2.create_launch_template(LaunchTemplateName="api", LaunchTemplateData=data, TagSpecifications=tags)["LaunchTemplate"]
    version = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])["LaunchTemplateVersions"][0]
    assert not version["LaunchTemplateData"].get("TagSpecifications")


def test_a_rule_from_a_prefix_list_keeps_its_description(client):
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="edge", Description="edge", VpcId=vpc)["GroupId"]
    entries = {"PrefixListName": "edge", "MaxEntries": 1, "AddressFamily": "IPv4"}
    prefix_list = ec2.create_managed_prefix_list(**entries)["PrefixList"]["PrefixListId"]
    source = {"PrefixListId": prefix_list, "Description": "CloudFront"}
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [source]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    assert [rule["Description"] for rule in rules if not rule["IsEgress"]] == ["CloudFront"]


def test_machines_are_made_from_a_later_version_of_a_template(client):
    ec2, groups = client("ec2"), client("autoscaling")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    data = {"ImageId": image, "InstanceType": "t4g.small", "UserData": "IyEvYmluL3NoCg=="}
    ec2.create_launch_template(LaunchTemplateName="machine", LaunchTemplateData=data)
    ec2.create_launch_template_version(LaunchTemplateName="machine", SourceVersion="1", LaunchTemplateData={"UserData": "IyEvYmluL2Jhc2gK"})
    for version in ("1", "2"):
        template = {"LaunchTemplateName": "machine", "Version": version}
        groups.create_auto_scaling_group(
            AutoScalingGroupName=version, MinSize=1, MaxSize=1, AvailabilityZones=["eu-north-1a"], LaunchTemplate=template
        )
    made = groups.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert {group["AutoScalingGroupName"]: group["Instances"][0]["LaunchTemplate"]["Version"] for group in made} == {"1": "1", "2": "2"}


def test_a_version_of_a_template_begins_with_what_its_source_holds(client):
    ec2 = client("ec2")
    data = {"InstanceType": "t4g.small", "IamInstanceProfile": {"Arn": "arn:aws:iam::000000000042:instance-profile/api"}, "UserData": "djE="}
    ec2.create_launch_template(LaunchTemplateName="source", LaunchTemplateData=data)
    ec2.create_launch_template_version(LaunchTemplateName="source", SourceVersion="1", LaunchTemplateData={"UserData": "djI="})
    ec2.create_launch_template_version(LaunchTemplateName="source", LaunchTemplateData={"InstanceType": "t4g.large"})
    versions = ec2.describe_launch_template_versions(LaunchTemplateName="source", Versions=["2", "3"])["LaunchTemplateVersions"]
    held = {one["VersionNumber"]: one["LaunchTemplateData"] for one in versions}
    assert held[2] == {**data, "UserData": "djI="}
    assert held[3] == {"InstanceType": "t4g.large"}
