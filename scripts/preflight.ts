import { environments } from "../regions/index.ts";
import { costTable } from "./preflight/cost.ts";
import { hasStop, lineOf } from "./preflight/finding.ts";
import { preflight } from "./preflight/preflight.ts";

/** `npm run preflight [-- ENVIRONMENT]`: what would stop a deploy, before anything is touched. Exit 1 when something would. */
const name = process.argv[2] ?? process.env.CAMPUS_ENVIRONMENT ?? "pilot";
const environment = environments[name];
if (!environment) {
  console.error(`there is no environment "${name}"; there are ${Object.keys(environments).join(", ")}.`);
  process.exit(2);
}

const findings = await preflight(environment);
for (const finding of findings) console.log(lineOf(finding));
console.log(`\n${costTable(environment)}\n`);
const stops = findings.filter(({ kind }) => kind === "stop").length;
console.log(
  hasStop(findings)
    ? `${stops} to mend before ${name} can be deployed; nothing was touched`
    : `${name} can be deployed; nothing was touched`,
);
process.exitCode = hasStop(findings) ? 1 : 0;
