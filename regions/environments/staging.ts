import { artifacts } from "../artifacts.ts";
import type { Environment } from "../environment.ts";
import { pilot } from "./pilot.ts";

/** The pilot's sizes with production's domain layout: where a release and a change of the stacks are tried first. */
export const staging: Environment = {
  ...pilot,
  name: "staging",
  accountId: "222233334444",
  domain: "staging.pay.campus.example",
  providers: { ...pilot.providers, fcmProjectId: "campus-pay-staging", gatewayKeyId: "rzp_test_campusstaging" },
  primary: {
    ...pilot.primary,
    network: { ...pilot.primary.network, cidr: "10.50.0.0/16" },
    api: {
      ...pilot.primary.api,
      fleets: pilot.primary.api.fleets.map((fleet) => ({ ...fleet, artifactSha256: artifacts.staging.sha256 })),
    },
  },
  standby: {
    ...pilot.standby,
    network: { ...pilot.standby.network, cidr: "10.51.0.0/16" },
    api: {
      ...pilot.standby.api,
      fleets: pilot.standby.api.fleets.map((fleet) => ({ ...fleet, artifactSha256: artifacts.staging.sha256 })),
    },
  },
};
