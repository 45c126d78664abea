import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, runCommand } from "../../app/local/command.ts";
import { differencesOf, inWords, judge, listedDifferences } from "./differences.ts";
import { installTerrain, swapImports, synth } from "./terrain.ts";

const root = join(import.meta.dirname, "../..");
const home = join(root, ".cache/exit");
const record = "docs/decisions/0010-cdktf-and-the-way-out.md";

export const command = {
  name: "npm run exit:check",
  for: "platform team",
  what: "Writes the pilot with cdktf and with its successor and holds the two against the differences that the record lists.",
  touches: "files under .cache/exit alone.",
  exits: { 1: "there are differences that the record does not list" },
} as const satisfies Command;

await runCommand(import.meta, command, async () => {
  if (!(await installTerrain(import.meta.dirname, home))) {
    console.log("SKIP the way out: the npm registry cannot be reached, and these packages are not installed here yet");
    return 0;
  }
  const cdktf = await synth(root, join(home, "cdktf.out"));
  const cdktn = await synth(swapImports(root, home), join(home, "cdktn.out"));
  const names = [...new Set([...Object.keys(cdktf), ...Object.keys(cdktn)])];
  const found = names.flatMap((name) => differencesOf(cdktf[name], cdktn[name]));
  for (const line of new Set(found.map(inWords))) console.log(line);
  const problems = judge(found, listedDifferences(readFileSync(join(root, record), "utf8")));
  for (const problem of problems) console.error(`FAIL ${problem}`);
  if (problems.length > 0) {
    console.error(`exit:check: change the source so that both write the same, or correct the table in ${record}.`);
    return 1;
  }
  console.log(`exit:check: ${names.length} stacks, the same JSON under both but for what ${record} lists`);
  return 0;
});
