def test_a_replica_of_a_secret_keeps_its_key(client):
    secrets = client("secretsmanager")
    key = "arn:aws:kms:eu-south-1:123456789012:key/mrk-1"
    secrets.create_secret(Name="pepper", SecretString="not-a-secret", AddReplicaRegions=[{"Region": "eu-south-1", "KmsKeyId": key}])
    (replica,) = secrets.describe_secret(SecretId="pepper")["ReplicationStatus"]
    assert replica["KmsKeyId"] == key
