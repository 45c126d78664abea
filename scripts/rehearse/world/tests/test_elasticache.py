GROUP = {"CacheParameterGroupName": "campus", "CacheParameterGroupFamily": "redis7", "Description": "Redis of the campus"}
REPLICATION = {
    "ReplicationGroupId": "campus",
    "ReplicationGroupDescription": "Redis",
    "Engine": "redis",
    "EngineVersion": "7.1",
    "CacheNodeType": "cache.t4g.micro",
    "NumCacheClusters": 2,
    "SnapshotWindow": "03:00-04:00",
}


def test_a_parameter_group_keeps_its_parameters_until_it_is_deleted(client):
    cache = client("elasticache")
    cache.create_cache_parameter_group(**GROUP)
    change = [{"ParameterName": "maxmemory-policy", "ParameterValue": "volatile-lru"}]
    cache.modify_cache_parameter_group(CacheParameterGroupName="campus", ParameterNameValues=change)
    parameters = cache.describe_cache_parameters(CacheParameterGroupName="campus")["Parameters"]
    assert [(one["ParameterName"], one["ParameterValue"]) for one in parameters] == [("maxmemory-policy", "volatile-lru")]
    cache.reset_cache_parameter_group(CacheParameterGroupName="campus", ResetAllParameters=True)
    assert cache.describe_cache_parameters(CacheParameterGroupName="campus")["Parameters"] == []
    cache.delete_cache_parameter_group(CacheParameterGroupName="campus")
    assert cache.describe_cache_parameter_groups()["CacheParameterGroups"] == []


def test_an_unknown_parameter_group_is_not_found(client):
    cache = client("elasticache")
    try:
        cache.describe_cache_parameter_groups(CacheParameterGroupName="none")
    except cache.exceptions.CacheParameterGroupNotFoundFault:
        return
    raise AssertionError("it was found")


def test_tags_of_a_parameter_group_are_listed(client):
    cache = client("elasticache")
    group = cache.create_cache_parameter_group(**GROUP, Tags=[{"Key": "Project", "Value": "campus-pay"}])["CacheParameterGroup"]
    assert cache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"] == [{"Key": "Project", "Value": "campus-pay"}]


def test_members_of_a_replication_group_carry_its_settings(client):
    cache = client("elasticache")
    members = cache.create_replication_group(**REPLICATION)["ReplicationGroup"]["MemberClusters"]
    assert len(members) == 2
    cluster = cache.describe_cache_clusters(CacheClusterId=members[0])["CacheClusters"][0]
    assert (cluster["EngineVersion"], cluster["SnapshotWindow"]) == ("7.1.0", "03:00-04:00")


def test_a_deleted_replication_group_is_gone_with_its_members(client):
    cache = client("elasticache")
    cache.create_replication_group(**REPLICATION)
    cache.delete_replication_group(ReplicationGroupId="campus")
    assert cache.describe_replication_groups()["ReplicationGroups"] == []
    assert cache.describe_cache_clusters()["CacheClusters"] == []


def test_a_user_group_keeps_its_users_until_it_is_deleted(client):
    cache = client("elasticache")
    tags = [{"Key": "Project", "Value": "campus-pay"}]
    made = cache.create_user_group(UserGroupId="campus", Engine="redis", UserIds=["default"], Tags=tags)
    cache.modify_user_group(UserGroupId="campus", UserIdsToAdd=["app"], UserIdsToRemove=["default"])
    assert cache.describe_user_groups(UserGroupId="campus")["UserGroups"][0]["UserIds"] == ["app"]
    assert cache.list_tags_for_resource(ResourceName=made["ARN"])["TagList"] == tags
    cache.delete_user_group(UserGroupId="campus")
    assert cache.describe_user_groups()["UserGroups"] == []


def test_a_subnet_group_can_be_deleted(client):
    ec2, cache = client("ec2"), client("elasticache")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    cache.create_cache_subnet_group(CacheSubnetGroupName="data", CacheSubnetGroupDescription="data", SubnetIds=[subnet])
    cache.delete_cache_subnet_group(CacheSubnetGroupName="data")
    assert cache.describe_cache_subnet_groups()["CacheSubnetGroups"] == []


def test_a_user_that_was_born_switched_off_gets_a_password_and_rights(client):
    cache = client("elasticache")
    cache.create_user(UserId="app", UserName="default", Engine="redis", AccessString="off -@all", NoPasswordRequired=True)
    cache.modify_user(UserId="app", AccessString="on ~* +@all", Passwords=["sixteen-characters"])
    (user,) = cache.describe_users(UserId="app")["Users"]
    assert (user["AccessString"], user["Authentication"]) == ("on ~* +@all", {"Type": "password", "PasswordCount": 1})
