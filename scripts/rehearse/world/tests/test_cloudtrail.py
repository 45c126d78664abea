def trail_in(client, region, bucket):
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    trail = client("cloudtrail", region).create_trail(Name=f"trail-{region}", S3BucketName=bucket, IsMultiRegionTrail=True)
    return trail["TrailARN"]


def test_asked_for_one_trail_it_describes_that_one(client):
    trail_in(client, "eu-north-1", "trail-one")
    arn = trail_in(client, "eu-south-1", "trail-two")
    described = client("cloudtrail", "eu-south-1").describe_trails(trailNameList=[arn])["trailList"]
    assert [trail["TrailARN"] for trail in described] == [arn]


def test_a_trail_can_be_deleted_by_its_arn(client):
    arn = trail_in(client, "eu-north-1", "trail-three")
    client("cloudtrail").delete_trail(Name=arn)
    assert client("cloudtrail").list_trails()["Trails"] == []
