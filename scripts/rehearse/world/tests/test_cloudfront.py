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
