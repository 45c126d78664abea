import json
from pathlib import Path

from botocore.exceptions import ClientError
from test_awslambda import function
from test_rds import PRIMARY


def test_a_replica_of_a_secret_keeps_its_key(client):
    secrets = client("secretsmanager")
    key = "arn:aws:kms:eu-south-1:123456789012:key/mrk-1"
    secrets.create_secret(Name="pepper", SecretString="not-a-secret", AddReplicaRegions=[{"Region": "eu-south-1", "KmsKeyId": key}])
    (replica,) = secrets.describe_secret(SecretId="pepper")["ReplicationStatus"]
    assert replica["KmsKeyId"] == key


ROTATION = Path(__file__).parents[4] / "stacks" / "functions" / "rotate-database-password"


def rotated(client, **settings):
    """A secret that never had a value, after a first rotation by the project's own function."""
    client("rds").create_db_instance(**PRIMARY)
    secrets = client("secretsmanager")
    secrets.create_secret(Name="master")
    arn = function(
        client,
        index__mjs=(ROTATION / "index.mjs").read_text(),
        rotation__mjs=(ROTATION / "rotation.mjs").read_text(),
        settings__json=json.dumps({"databaseIdentifier": "primary", **settings}),
    )
    secrets.rotate_secret(SecretId="master", RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 30})
    return secrets


def test_a_rotation_gives_a_secret_its_first_value(client):
    assert len(rotated(client).get_secret_value(SecretId="master")["SecretString"]) == 40


def test_a_second_rotation_keeps_the_password_before(client):
    secrets = rotated(client)
    first = secrets.get_secret_value(SecretId="master")["SecretString"]
    secrets.rotate_secret(SecretId="master")
    assert secrets.get_secret_value(SecretId="master")["SecretString"] != first
    assert secrets.get_secret_value(SecretId="master", VersionStage="AWSPREVIOUS")["SecretString"] == first


def test_a_rotation_that_fails_is_an_error(client):
    try:
        rotated(client, databaseIdentifier="elsewhere")
    except ClientError as error:
        assert "the rotation failed at setSecret" in str(error)
        assert "DBInstance elsewhere not found" in str(error)
        return
    raise AssertionError("nobody was told")


def test_the_first_version_of_a_secret_can_become_current(client):
    secrets = client("secretsmanager")
    secrets.create_secret(Name="master", SecretString="one")
    (version,) = secrets.describe_secret(SecretId="master")["VersionIdsToStages"]
    secrets.update_secret_version_stage(SecretId="master", VersionStage="AWSCURRENT", RemoveFromVersionId=version)
    secrets.update_secret_version_stage(SecretId="master", VersionStage="AWSCURRENT", MoveToVersionId=version)
    assert "AWSCURRENT" in secrets.describe_secret(SecretId="master")["VersionIdsToStages"][version]
