import { artifacts } from "../artifacts.ts";
import { type Environment, withArtifact } from "../environment.ts";
import { pilot } from "./pilot.ts";

const campus = withArtifact(pilot, artifacts.staging.sha256);

/** The pilot's sizes with production's domain layout: where a release and a change of the stacks are tried first. */
export const staging: Environment = {
  ...campus,
  name: "staging",
  accountId: "222233334444",
  domain: "staging.pay.campus.example",
  providers: { ...campus.providers, fcmProjectId: "campus-pay-staging", gatewayKeyId: "rzp_test_campusstaging" },
  primary: { ...campus.primary, network: { ...campus.primary.network, cidr: "10.50.0.0/16" } },
  standby: { ...campus.standby, network: { ...campus.standby.network, cidr: "10.51.0.0/16" } },
};
