import { type Environment, notPublished, regionPlans } from "../../regions/index.ts";
import { type Finding, fine, note } from "./finding.ts";

/** No reason to stop: everything but the API can stand before the first artifact does. */
export function checkArtifact(environment: Environment): Finding {
  const digests = new Set(regionPlans(environment).flatMap((plan) => plan.api.fleets.map((fleet) => fleet.artifactSha256)));
  if (!digests.has(notPublished)) return fine("artifact", [...digests].map((digest) => digest.slice(0, 12)).join(", "));
  return note("artifact", "none is published yet: there will be no machine until one is and its digest stands in regions/artifacts.ts");
}
