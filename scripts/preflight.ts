import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { environments } from "../regions/index.ts";
import { costTable } from "./preflight/cost.ts";
import { hasStop, lineOf } from "./preflight/finding.ts";
import { preflight } from "./preflight/preflight.ts";

export const command = {
  name: "npm run preflight",
  for: "platform team",
  what: "Says what would stop a deploy, before anything is touched.",
  touches: "nothing: it asks the account and reads the code.",
  takes: { "[ENVIRONMENT]": `${Object.keys(environments).join(", ")}; pilot unless said` },
  environment: { CAMPUS_ENVIRONMENT: "the environment, where none is named" },
  exits: { 1: "something would stop the deploy" },
} as const satisfies Command;

await runCommand(import.meta, command, async ({ positionals }) => {
  const name = positionals[0] ?? process.env.CAMPUS_ENVIRONMENT ?? "pilot";
  const environment = environments[name];
  if (!environment) throw refuse(command, `there is no environment "${name}"; there are ${Object.keys(environments).join(", ")}.`);
  const findings = await preflight(environment);
  for (const finding of findings) console.log(lineOf(finding));
  console.log(`\n${costTable(environment)}\n`);
  const stops = findings.filter(({ kind }) => kind === "stop").length;
  console.log(
    hasStop(findings)
      ? `${stops} to mend before ${name} can be deployed; nothing was touched`
      : `${name} can be deployed; nothing was touched`,
  );
  return hasStop(findings) ? 1 : 0;
});
