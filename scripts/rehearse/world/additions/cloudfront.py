import copy
import uuid

from moto.cloudfront import urls
from moto.cloudfront.models import DistributionConfig
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult

from .patch import add, around, kept

# Cache, origin request and response headers policies do not exist. Each keeps its configuration as it was sent.


class NoSuchPolicy(ServiceException):
    def __init__(self, kind):
        super().__init__(f"NoSuch{kind}", f"The {kind} does not exist.")


def policy_actions(kind, path, action):
    """The four actions of one kind of policy: create, read, update and delete."""

    def stored(self):
        policies, policy_id = kept(self.backend, action), self._get_param("Id")
        if policy_id not in policies:
            raise NoSuchPolicy(kind)
        return policies[policy_id]

    def remember(self, policy_id):
        policy = {
            "Id": policy_id,
            "LastModifiedTime": "2026-01-01T00:00:00Z",
            f"{kind}Config": self._get_param(f"{kind}Config"),
        }
        kept(self.backend, action)[policy_id] = {kind: policy, "ETag": f"E{uuid.uuid4().hex[:12].upper()}"}
        return ActionResult(kept(self.backend, action)[policy_id])

    def create(self):
        return remember(self, str(uuid.uuid4()))

    def get(self):
        return ActionResult(stored(self))

    def update(self):
        return remember(self, stored(self)[kind]["Id"])

    def delete(self):
        stored(self)
        del kept(self.backend, action)[self._get_param("Id")]
        return EmptyResult()

    for verb, function in {"create": create, "get": get, "update": update, "delete": delete}.items():
        function.__name__ = f"{verb}_{action}"
        add(CloudFrontResponse)(function)
    urls.url_paths[f"{{0}}/2020-05-31/{path}$"] = CloudFrontResponse.dispatch
    urls.url_paths[f"{{0}}/2020-05-31/{path}/(?P<policy_id>[^/]+)$"] = CloudFrontResponse.dispatch


policy_actions("CachePolicy", "cache-policy", "cache_policy")
policy_actions("OriginRequestPolicy", "origin-request-policy", "origin_request_policy")
policy_actions("ResponseHeadersPolicy", "response-headers-policy", "response_headers_policy")


# A function cannot be published.
@add(CloudFrontResponse)
def publish_function(self):
    function = self.backend.describe_function(self._get_param("Name"))
    function.status = "DEPLOYED"
    return ActionResult({"FunctionSummary": function.function_summary})


urls.url_paths["{0}/2020-05-31/function/(?P<function_name>[^/]+)/publish$"] = CloudFrontResponse.dispatch


# A distribution forgets its functions, origin access control, logging and more, and knows no origin groups.
AS_SENT = ("Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors", "ViewerCertificate", "Logging", "CustomErrorResponses")


@around(DistributionConfig)
def __init__(original, self, config):
    sent = copy.deepcopy(config)
    first_member = {
        group["Id"]: group["Members"]["Items"][0]["OriginId"] for group in sent.get("OriginGroups", {}).get("Items") or []
    }
    target = config["DefaultCacheBehavior"]["TargetOriginId"]
    config["DefaultCacheBehavior"]["TargetOriginId"] = first_member.get(target, target)
    original(self, config)
    self.__dict__.update({name: sent[name] for name in AS_SENT if name in sent})
