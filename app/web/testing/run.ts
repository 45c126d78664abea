// Walks the rows of the bar in a real Chromium, before a started system: node app/web/testing/run.ts START_FILE [--all] [--pictures FOLDER] [--only TEXT]
import { parseArgs } from "node:util";
import { findChromium } from "./chromium.ts";
import { counterSaleRow } from "./counter-sale-row.ts";
import { financeRows } from "./finance-rows.ts";
import { meRow } from "./me-row.ts";
import { ownerRows } from "./owner-rows.ts";
import { passkeyRow } from "./passkey-row.ts";
import { takePictures } from "./pictures.ts";
import { portalRows } from "./portal-rows.ts";
import { pushRow } from "./push-row.ts";
import { refundRow } from "./refund-row.ts";
import { rows as studentRows } from "./rows.ts";
import { sheetsRow } from "./sheets-row.ts";
import { soldOutRow } from "./sold-out-row.ts";
import { Stage } from "./stage.ts";
import { tillRow } from "./till-row.ts";
import { updateRow } from "./update-row.ts";

const rows = [
  ...studentRows,
  ...portalRows,
  ...ownerRows,
  ...financeRows,
  passkeyRow,
  meRow,
  refundRow,
  soldOutRow,
  tillRow,
  counterSaleRow,
  sheetsRow,
  pushRow,
  updateRow,
];
// What is promised is asserted in the rows: this only ends a walk that hangs.
const rowTimeoutMs = 900_000;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { all: { type: "boolean" }, pictures: { type: "string" }, only: { type: "string" } },
});
const found = findChromium();
const result = { passed: 0, failed: 0, skipped: [] as string[] };

if ("missing" in found) result.skipped.push(`${rows.length} walks in a browser: ${found.missing}`);
else {
  const stage = await Stage.open(positionals[0] ?? ".campus/start.json", found.path);
  try {
    // Before the walks leave their cafés and their words behind.
    const { pictures } = values;
    if (pictures !== undefined) await runRow("screenshots of the main screens", () => takePictures(stage, pictures));
    for (const row of rows) {
      if (row.isLong && !values.all) continue;
      if (values.only !== undefined && !row.name.includes(values.only)) continue;
      await runRow(row.name, () => row.run(stage));
    }
    await runRow("no page complained: no error, nothing that the content security policy refused", async () => {
      if (stage.complaints.length > 0) throw new Error([...new Set(stage.complaints)].slice(0, 10).join("\n"));
      return undefined;
    });
  } finally {
    await stage.close();
  }
}
console.log(JSON.stringify(result));

async function runRow(name: string, work: () => Promise<string | undefined>): Promise<void> {
  const started = performance.now();
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("it did not end in time")), rowTimeoutMs).unref());
  try {
    const said = await Promise.race([work(), late]);
    result.passed += 1;
    console.error(`    ok ${name}${said ? ` (${said})` : ""} ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    result.failed += 1;
    console.error(`    FAILED ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}
