import { capabilities, type Environment, type RegionPlan, regionPlans } from "../regions/index.ts";
import { originHeader, originName } from "./origins.ts";
import { bucketDomain } from "./storage.ts";

/** AWS's own policies, the same in every account. */
const awsPolicies = {
  cacheStatic: "658327ea-f89d-4fab-a63d-7e88639e58f6", // CachingOptimized
  cacheNothing: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", // CachingDisabled
  forwardAllButHost: "b689b0a8-53d0-40ab-baf2-68738e2966ac", // AllViewerExceptHostHeader
} as const;

/** A browser cannot give a WebSocket a header, so its token may stand in the address; what stands there ends in logs. */
export const socketPaths = "/api/v1/ws/*";

export const apiPaths = ["/api/*", "/health", "/ready", "/openapi.json", "/docs*", "/ops", "/ops/*", "/t/*", "/.well-known/*"];

/** The parts of the site that are files in a bucket of each region. */
export const fileParts = ["web", "menu-images"] as const;

const originId = (part: string, plan: RegionPlan): string => `${part}-${capabilities[plan.region].place}`;

export const bucketOrigins = (environment: Environment, part: string, accessControlId: string) =>
  regionPlans(environment).map((plan) => ({
    originId: originId(part, plan),
    domainName: bucketDomain(environment, plan, part),
    originAccessControlId: accessControlId,
    // A bucket of a region that is lost answers nobody: the other one is asked after these seconds, and not after CloudFront's own thirty.
    connectionAttempts: 1,
    connectionTimeout: 3,
  }));

/**
 * Files may come from the other region by themselves: reading them changes nothing. Also those that this region has not (a bucket
 * that may not be listed says 403 for them): what was uploaded in the other one, or has not been copied yet.
 */
export const eitherRegion = (environment: Environment, part: string) => ({
  originId: part,
  failoverCriteria: { statusCodes: [403, 404, 500, 502, 503, 504] },
  member: regionPlans(environment).map((plan) => ({ originId: originId(part, plan) })),
});

/** The API of the region that serves, by the switch in Route 53. */
export const apiOrigin = (environment: Environment, originKey: string) => ({
  originId: "api",
  domainName: originName(environment),
  customHeader: [{ name: originHeader, value: originKey }],
  customOriginConfig: {
    httpPort: 80,
    httpsPort: 443,
    originProtocolPolicy: "https-only",
    originSslProtocols: ["TLSv1.2"],
    originReadTimeout: 60,
    originKeepaliveTimeout: 55, // below the load balancer's 60 s, so that no request meets a closing connection
  },
});

export const filesFrom = (part: (typeof fileParts)[number]) => ({
  targetOriginId: part,
  viewerProtocolPolicy: "redirect-to-https",
  allowedMethods: ["GET", "HEAD", "OPTIONS"],
  cachedMethods: ["GET", "HEAD"],
  cachePolicyId: awsPolicies.cacheStatic,
  compress: true,
});

export const apiAt = (pathPattern: string) => ({
  pathPattern,
  targetOriginId: "api",
  viewerProtocolPolicy: "https-only",
  allowedMethods: ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
  cachedMethods: ["GET", "HEAD"],
  cachePolicyId: awsPolicies.cacheNothing,
  originRequestPolicyId: awsPolicies.forwardAllButHost,
  compress: true,
});
