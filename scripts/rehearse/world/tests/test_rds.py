PRIMARY = {
    "DBInstanceIdentifier": "primary",
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "postgres",
    "AllocatedStorage": 20,
    "MasterUsername": "campus",
    "MasterUserPassword": "not-a-secret",
    "EnableCloudwatchLogsExports": ["postgresql"],
    "MultiAZ": True,
    "MaxAllocatedStorage": 100,
    "Tags": [{"Key": "Region", "Value": "north"}],
}


def with_replica(client):
    north, south = client("rds"), client("rds", "eu-south-1")
    primary = north.create_db_instance(**PRIMARY)["DBInstance"]
    south.create_db_instance_read_replica(
        DBInstanceIdentifier="replica", SourceDBInstanceIdentifier=primary["DBInstanceArn"], Tags=[{"Key": "Region", "Value": "south"}]
    )
    return north, south


def only(rds):
    (instance,) = rds.describe_db_instances()["DBInstances"]
    return instance


def test_a_replica_stands_in_its_own_region_with_its_own_identity(client):
    north, south = with_replica(client)
    assert ":eu-south-1:" in only(south)["DBInstanceArn"]
    assert only(south)["DbiResourceId"] != only(north)["DbiResourceId"]
    assert only(south)["TagList"] == [{"Key": "Region", "Value": "south"}]


def test_a_replica_inherits_neither_log_exports_nor_a_second_zone_nor_room_to_grow(client):
    _, south = with_replica(client)
    assert not only(south).get("EnabledCloudwatchLogsExports")
    assert only(south)["MultiAZ"] is False
    assert "MaxAllocatedStorage" not in only(south)


def test_a_promoted_replica_and_its_former_primary_forget_each_other(client):
    north, south = with_replica(client)
    south.promote_read_replica(DBInstanceIdentifier="replica")
    assert not only(south).get("ReadReplicaSourceDBInstanceIdentifier")
    assert only(north)["ReadReplicaDBInstanceIdentifiers"] == []


def test_a_replica_of_another_region_can_be_deleted(client):
    north, south = with_replica(client)
    south.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)
    assert south.describe_db_instances()["DBInstances"] == []
    assert only(north)["ReadReplicaDBInstanceIdentifiers"] == []


def test_performance_insights_are_read_back(client):
    rds = client("rds")
    rds.create_db_instance(**PRIMARY, EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=7)
    assert (only(rds)["PerformanceInsightsEnabled"], only(rds)["PerformanceInsightsRetentionPeriod"]) == (True, 7)
    rds.modify_db_instance(DBInstanceIdentifier="primary", EnablePerformanceInsights=False)
    assert only(rds)["PerformanceInsightsEnabled"] is False


def test_a_parameter_says_that_a_user_set_it(client):
    rds = client("rds")
    rds.create_db_parameter_group(DBParameterGroupName="campus", DBParameterGroupFamily="postgres18", Description="campus")
    change = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="campus", Parameters=[change])
    assert [one["Source"] for one in rds.describe_db_parameters(DBParameterGroupName="campus")["Parameters"]] == ["user"]
