import { type Environment, regionPlans } from "../../regions/index.ts";
import { checkAccount } from "./account.ts";
import { checkArtifact } from "./artifact.ts";
import { type AskNameServers, checkDomain } from "./domain.ts";
import { type Finding, note, stop } from "./finding.ts";
import { checkMail } from "./mail.ts";
import { checkQuotas } from "./quotas.ts";
import { askBackupReplication, checkRegion, checkRegionsEnabled } from "./region.ts";
import { checkTerraform } from "./terraform-version.ts";

export type PreflightOptions = { readonly terraform?: string; readonly askNameServers?: AskNameServers };

/** Looks at everything that would stop a deploy in its middle, and changes nothing. Later questions wait for the answers they need. */
export async function preflight(environment: Environment, options: PreflightOptions = {}): Promise<Finding[]> {
  const first = [await checkTerraform(options.terraform), await checkAccount(environment)];
  if (first.some((finding) => finding.kind === "stop" && finding.about === "account")) {
    return [...first, note("the rest", "not looked at: AWS answers only to the right account")];
  }
  const enabled = await answered("regions", () => checkRegionsEnabled(environment));
  const off = enabled.filter(({ kind }) => kind === "stop").map(({ about }) => about);
  const plans = regionPlans(environment).filter(({ region }) => !off.some((about) => about.endsWith(region)));
  const regional = await Promise.all(
    plans.map(async (plan) => [
      ...(await answered(plan.region, () => checkRegion(plan))),
      ...(await answered(plan.region, () => checkQuotas(plan))),
      ...(await answered(`mail in ${plan.region}`, () => checkMail(environment, plan.region))),
    ]),
  );
  const domain = await answered("domain", () => checkDomain(environment, options.askNameServers));
  const backups = off.length > 0 ? [] : [await askBackupReplication(environment)];
  return [...first, ...enabled, ...regional.flat(), ...domain, ...backups, checkArtifact(environment)];
}

/** A question that AWS refuses is a finding like any other. */
async function answered(about: string, ask: () => Promise<Finding[]>): Promise<Finding[]> {
  return ask().catch((error: Error) => [
    stop(
      about,
      `AWS refused to answer (${error.name}: ${error.message})`,
      "give these credentials the right to read (ReadOnlyAccess is enough), or try again if AWS was busy.",
    ),
  ]);
}
