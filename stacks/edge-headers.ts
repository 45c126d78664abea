import { guideHeader, pageHeaders } from "../app/web/page-headers.ts";
import { type Environment, regionPlans } from "../regions/index.ts";
import { bucketDomain } from "./storage.ts";

const twoYearsSeconds = 63_072_000;

/** CloudFront takes these by names of its own, and refuses them among the others. */
const namedByCloudFront = new Set(["Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"]);

/** A café's picture goes straight from the page to the bucket of whichever region serves. */
const uploadOrigins = (environment: Environment) =>
  regionPlans(environment).map((plan) => `https://${bucketDomain(environment, plan, "menu-images")}`);

/** The headers of our files, the same as this machine's front sends; the API sends its own. */
export function fileHeaders(environment: Environment, part: "apps" | "guide") {
  const headers = pageHeaders({ frames: "none", uploadOrigins: uploadOrigins(environment) });
  const contentSecurityPolicy = part === "guide" ? guideHeader({ frames: "none" }) : String(headers["Content-Security-Policy"]);
  return {
    comment: part === "guide" ? "headers of the guide" : "headers of the web apps; the API sends its own",
    securityHeadersConfig: {
      strictTransportSecurity: { accessControlMaxAgeSec: twoYearsSeconds, includeSubdomains: true, preload: true, override: true },
      contentSecurityPolicy: { contentSecurityPolicy, override: true },
      contentTypeOptions: { override: true },
      frameOptions: { frameOption: String(headers["X-Frame-Options"]), override: true },
      referrerPolicy: { referrerPolicy: String(headers["Referrer-Policy"]), override: true },
    },
    customHeadersConfig: {
      items: Object.entries(headers)
        .filter(([header]) => !namedByCloudFront.has(header))
        .map(([header, value]) => ({ header, value, override: true })),
    },
  };
}
