import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, runCommand } from "../app/local/command.ts";
import { environments } from "../regions/index.ts";
import { costPage, renderCostPage, totalOfEnvironment } from "./cost/page.ts";

export const command = {
  name: "npm run cost",
  for: "platform team",
  what: "Writes the cost page from the sizes of every environment.",
  touches: `writes ${costPage}.`,
  options: { check: { type: "boolean", help: "write nothing and only say whether the page is old" } },
  exits: { 1: "with --check: the page is old" },
} as const satisfies Command;

await runCommand(import.meta, command, ({ values }) => {
  const path = join(import.meta.dirname, "..", costPage);
  const page = renderCostPage();
  const isCurrent = existsSync(path) && readFileSync(path, "utf8") === page;
  const totals = Object.values(environments).map((one) => `${one.name} ${totalOfEnvironment(one)}`);
  if (values.check) {
    console.log(isCurrent ? `cost: ${costPage} is up to date` : `cost: ${costPage} is old: run npm run cost and commit what it writes.`);
    return isCurrent ? 0 : 1;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, page);
  console.log(`cost: wrote ${costPage}; USD a month: ${totals.join(", ")}`);
  return 0;
});
