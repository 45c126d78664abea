def trail_in(client, region):
    client("s3").create_bucket(Bucket=f"logs-{region}", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    trail = client("cloudtrail", region).create_trail(Name=f"trail-{region}", S3BucketName=f"logs-{region}", IsMultiRegionTrail=True)
    return trail["TrailARN"]


def test_asked_for_one_trail_it_describes_that_one(client):
    trail_in(client, "eu-north-1")
    arn = trail_in(client, "eu-south-1")
    described = client("cloudtrail", "eu-south-1").describe_trails(trailNameList=[arn])["trailList"]
    assert [trail["TrailARN"] for trail in described] == [arn]
