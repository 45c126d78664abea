PARAMETERS = {
    "EnableAcceptEncodingGzip": True,
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": {"Quantity": 1, "Items": ["v"]}},
}


def test_a_cache_policy_is_kept_until_it_is_deleted(client):
    cloudfront = client("cloudfront", "us-east-1")
    wanted = {"Name": "images", "MinTTL": 60, "ParametersInCacheKeyAndForwardedToOrigin": PARAMETERS}
    made = cloudfront.create_cache_policy(CachePolicyConfig=wanted)
    policy_id = made["CachePolicy"]["Id"]
    read = cloudfront.get_cache_policy(Id=policy_id)
    assert read["CachePolicy"]["CachePolicyConfig"] == wanted and read["ETag"] == made["ETag"]
    changed = cloudfront.update_cache_policy(Id=policy_id, IfMatch=made["ETag"], CachePolicyConfig={**wanted, "MinTTL": 90})
    assert changed["CachePolicy"]["CachePolicyConfig"]["MinTTL"] == 90
    cloudfront.delete_cache_policy(Id=policy_id, IfMatch=changed["ETag"])
    try:
        cloudfront.get_cache_policy(Id=policy_id)
    except cloudfront.exceptions.NoSuchCachePolicy:
        return
    raise AssertionError("the policy is still there")


def test_an_origin_request_policy_is_kept(client):
    cloudfront = client("cloudfront", "us-east-1")
    wanted = {
        "Name": "api",
        "HeadersConfig": {"HeaderBehavior": "allViewer"},
        "CookiesConfig": {"CookieBehavior": "all"},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    policy_id = cloudfront.create_origin_request_policy(OriginRequestPolicyConfig=wanted)["OriginRequestPolicy"]["Id"]
    assert cloudfront.get_origin_request_policy(Id=policy_id)["OriginRequestPolicy"]["OriginRequestPolicyConfig"] == wanted


def test_a_response_headers_policy_is_kept(client):
    cloudfront = client("cloudfront", "us-east-1")
    wanted = {"Name": "web", "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}}}
    policy_id = cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=wanted)["ResponseHeadersPolicy"]["Id"]
    assert cloudfront.get_response_headers_policy(Id=policy_id)["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"] == wanted


def test_a_function_can_be_published(client):
    cloudfront = client("cloudfront", "us-east-1")
    config = {"Comment": "routes", "Runtime": "cloudfront-js-2.0"}
    made = cloudfront.create_function(Name="routes", FunctionConfig=config, FunctionCode=b"function handler(event) {}")
    published = cloudfront.publish_function(Name="routes", IfMatch=made["ETag"])
    assert published["FunctionSummary"]["Status"] == "DEPLOYED"


def origin(name):
    return {
        "Id": name,
        "DomainName": f"{name}.s3.eu-north-1.amazonaws.com",
        "OriginAccessControlId": "E123",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }


def test_a_distribution_keeps_its_origin_group_its_functions_and_its_origin_access_control(client):
    cloudfront = client("cloudfront", "us-east-1")
    members = {"Quantity": 2, "Items": [{"OriginId": "north"}, {"OriginId": "south"}]}
    failover = {"StatusCodes": {"Quantity": 1, "Items": [503]}}
    group = {"Id": "both", "FailoverCriteria": failover, "Members": members}
    function = {"FunctionARN": "arn:aws:cloudfront::123456789012:function/routes", "EventType": "viewer-request"}
    config = {
        "CallerReference": "once",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 2, "Items": [origin("north"), origin("south")]},
        "OriginGroups": {"Quantity": 1, "Items": [group]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "both",
            "ViewerProtocolPolicy": "redirect-to-https",
            "FunctionAssociations": {"Quantity": 1, "Items": [function]},
        },
    }
    made = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]
    read = cloudfront.get_distribution_config(Id=made["Id"])["DistributionConfig"]
    assert read["OriginGroups"]["Items"][0]["Id"] == "both"
    assert read["DefaultCacheBehavior"]["FunctionAssociations"]["Items"] == [function]
    assert read["Origins"]["Items"][0]["OriginAccessControlId"] == "E123"
