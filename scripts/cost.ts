import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { reportAndSetExitCode } from "../app/local/plain-error.ts";
import { environments } from "../regions/index.ts";
import { costPage, renderCostPage, totalOfEnvironment } from "./cost/page.ts";

/** `npm run cost`: writes the cost page from the sizes; with --check it only says whether the page is old. */
try {
  const path = join(import.meta.dirname, "..", costPage);
  const page = renderCostPage();
  const isCurrent = existsSync(path) && readFileSync(path, "utf8") === page;
  const totals = Object.values(environments).map((one) => `${one.name} ${totalOfEnvironment(one)}`);
  if (process.argv.includes("--check")) {
    console.log(isCurrent ? `cost: ${costPage} is up to date` : `cost: ${costPage} is old: run npm run cost and commit what it writes.`);
    process.exitCode = isCurrent ? 0 : 1;
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, page);
    console.log(`cost: wrote ${costPage}; USD a month: ${totals.join(", ")}`);
  }
} catch (error) {
  reportAndSetExitCode(error);
}
