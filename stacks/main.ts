import { App } from "cdktf";
import { type Environment, environments, withArtifact } from "../regions/index.ts";
import { addCampus } from "./campus.ts";
import { refuseExpiredSafeguards } from "./safeguards.ts";

/**
 * What cdktf runs, and the only place of the stacks that reads the process's environment and the day:
 * CAMPUS_ENVIRONMENT   which file of regions/environments (pilot)
 * CAMPUS_ACCOUNT_ID    another account than the file's: the rehearsal's
 * CAMPUS_ARTIFACT      the sha256 of another artifact than the file's: the rehearsal's
 * CAMPUS_DECOMMISSION  a reason to take the protections off for this run, so that everything can be destroyed
 */
const app = new App();
const today = new Date().toISOString().slice(0, 10);
const environment = withOverrides(chosen(process.env.CAMPUS_ENVIRONMENT ?? "pilot"));
refuseExpiredSafeguards(environment, today);
addCampus(app, environment);
app.synth();

function chosen(name: string): Environment {
  const found = environments[name];
  if (found) return found;
  throw new Error(`CAMPUS_ENVIRONMENT is "${name}"; there are ${Object.keys(environments).join(", ")} in regions/environments.`);
}

function withOverrides(planned: Environment): Environment {
  const { CAMPUS_ACCOUNT_ID: accountId, CAMPUS_ARTIFACT: artifact, CAMPUS_DECOMMISSION: reason } = process.env;
  return {
    ...(artifact ? withArtifact(planned, artifact) : planned),
    ...(accountId ? { accountId } : {}),
    ...(reason ? { protection: { on: false, reason, until: today } } : {}),
  };
}
