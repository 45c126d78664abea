import { App } from "cdktf";
import { type Environment, environments, withArtifact } from "../regions/index.ts";
import { addCampus } from "./campus.ts";
import { refuseExpiredSafeguards } from "./safeguards.ts";

/**
 * What cdktf runs, and the only place of the stacks that reads the process's environment and the day:
 * CAMPUS_ENVIRONMENT   which file of regions/environments (pilot)
 * CAMPUS_ACCOUNT_ID    another account than the file's: the rehearsal's
 * CAMPUS_ARTIFACT      the sha256 of another artifact than the file's: the rehearsal's
 * CAMPUS_STATE         "copy" plans and deploys from the state's copy, when the region of the state is lost
 * CAMPUS_INCIDENT      names an incident in which an expired waiver may wait: the synth warns and goes on
 * CAMPUS_DECOMMISSION  a reason to take the protections off for this run, so that everything can be destroyed
 */
const app = new App();
const today = new Date().toISOString().slice(0, 10);
const environment = withOverrides(chosen(process.env.CAMPUS_ENVIRONMENT ?? "pilot"));
refuseExpired();
addCampus(app, environment);
app.synth();

function chosen(name: string): Environment {
  const found = environments[name];
  if (found) return found;
  throw new Error(`CAMPUS_ENVIRONMENT is "${name}"; there are ${Object.keys(environments).join(", ")} in regions/environments.`);
}

/** In an incident a day that has passed is the smaller evil: said aloud, and refused again as soon as the incident is over. */
function refuseExpired(): void {
  try {
    refuseExpiredSafeguards(environment, today);
  } catch (error) {
    const incident = process.env.CAMPUS_INCIDENT;
    if (!incident) throw new Error(`${(error as Error).message} In an incident: CAMPUS_INCIDENT=<its name> lets it wait.`);
    console.warn(`INCIDENT ${incident}: goes on although ${(error as Error).message}`);
  }
}

function chosenState(): Pick<Environment, "stateFrom"> {
  const from = process.env.CAMPUS_STATE;
  if (!from) return {};
  if (from !== "copy") throw new Error(`CAMPUS_STATE is "${from}"; leave it out, or "copy" when the region of the state is lost.`);
  return { stateFrom: from };
}

function withOverrides(planned: Environment): Environment {
  const { CAMPUS_ACCOUNT_ID: accountId, CAMPUS_ARTIFACT: artifact, CAMPUS_DECOMMISSION: reason } = process.env;
  return {
    ...(artifact ? withArtifact(planned, artifact) : planned),
    ...chosenState(),
    ...(accountId ? { accountId } : {}),
    ...(reason ? { protection: { on: false, reason, until: today } } : {}),
  };
}
