def replicated(client):
    north, south = client("kms"), client("kms", "eu-south-1")
    key_id = north.create_key(MultiRegion=True, Description="north")["KeyMetadata"]["KeyId"]
    tags = [{"TagKey": "Region", "TagValue": "south"}]
    north.replicate_key(KeyId=key_id, ReplicaRegion="eu-south-1", Description="south", Tags=tags)
    return north, south, key_id


def kind(kms, key_id):
    return kms.describe_key(KeyId=key_id)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"]


def test_a_primary_key_stays_primary_when_it_is_replicated(client):
    north, south, key_id = replicated(client)
    assert kind(south, key_id) == "REPLICA"
    assert kind(north, key_id) == "PRIMARY"


def test_a_replica_key_has_its_own_description_and_tags(client):
    _, south, key_id = replicated(client)
    assert south.describe_key(KeyId=key_id)["KeyMetadata"]["Description"] == "south"
    assert south.list_resource_tags(KeyId=key_id)["Tags"] == [{"TagKey": "Region", "TagValue": "south"}]


def test_the_rotation_period_of_a_key_is_read_back(client):
    kms = client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key_id)["RotationPeriodInDays"] == 180
