import json


def versioning(s3, status):
    s3.put_bucket_versioning(Bucket="state-of-the-tests", VersioningConfiguration={"Status": status})


def test_a_bucket_that_was_versioned_can_be_emptied_of_delete_markers(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="state-of-the-tests", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    versioning(s3, "Enabled")
    s3.put_object(Bucket="state-of-the-tests", Key="lock", Body=b"held")
    s3.delete_object(Bucket="state-of-the-tests", Key="lock")
    versioning(s3, "Suspended")
    listed = s3.list_object_versions(Bucket="state-of-the-tests")
    versions = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in [*listed["Versions"], *listed["DeleteMarkers"]]]
    s3.delete_objects(Bucket="state-of-the-tests", Delete={"Objects": versions})
    left = s3.list_object_versions(Bucket="state-of-the-tests")
    assert not left.get("Versions") and not left.get("DeleteMarkers")
    s3.delete_bucket(Bucket="state-of-the-tests")


def test_a_bucket_policy_that_denies_under_a_condition_does_not_deny_everything(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="tls-only", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::tls-only/*", "Condition": condition}
    s3.put_bucket_policy(Bucket="tls-only", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    s3.put_object(Bucket="tls-only", Key="state", Body=b"1")
    assert s3.get_object(Bucket="tls-only", Key="state")["Body"].read() == b"1"


def test_access_logs_may_go_where_a_policy_allows_a_wider_prefix_and_speaks_of_everyone(client):
    s3 = client("s3")
    for name in ("watched", "access-logs"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    everything = "arn:aws:s3:::access-logs/*"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    allow = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::access-logs/s3/*"}
    s3.put_bucket_policy(Bucket="access-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny, allow]}))
    wanted = {"TargetBucket": "access-logs", "TargetPrefix": "s3/watched/"}
    s3.put_bucket_logging(Bucket="watched", BucketLoggingStatus={"LoggingEnabled": wanted})
    assert s3.get_bucket_logging(Bucket="watched")["LoggingEnabled"] == wanted


def test_a_replication_configuration_comes_back_as_it_was_sent(client):
    s3 = client("s3")
    for name in ("original", "replica"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "everything",
        "Priority": 0,
        "Status": "Enabled",
        "Filter": {"Prefix": "receipts/"},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {"Bucket": "arn:aws:s3:::replica"},
    }
    wanted = {"Role": "arn:aws:iam::123456789012:role/copy", "Rules": [rule]}
    s3.put_bucket_replication(Bucket="original", ReplicationConfiguration=wanted)
    assert s3.get_bucket_replication(Bucket="original")["ReplicationConfiguration"] == wanted


def test_a_lock_of_a_bucket_with_objects_can_be_taken_away_and_who_may_bypass_it_empties_the_bucket(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 8}}
    s3.put_object_lock_configuration(Bucket="locked", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})
    version = s3.put_object(Bucket="locked", Key="receipt", Body=b"paid")["VersionId"]
    s3.put_object_lock_configuration(Bucket="locked", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    assert "Rule" not in s3.get_object_lock_configuration(Bucket="locked")["ObjectLockConfiguration"]
    objects = {"Objects": [{"Key": "receipt", "VersionId": version}]}
    assert s3.delete_objects(Bucket="locked", Delete=objects)["Errors"][0]["Code"] == "AccessDenied", "what was written under it stays locked"
    s3.delete_objects(Bucket="locked", Delete=objects, BypassGovernanceRetention=True)
    s3.delete_bucket(Bucket="locked")
