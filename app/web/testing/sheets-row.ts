import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { disputedTopUp } from "./finance-rows.ts";
import { sheets } from "./pages.ts";
import { type Row, violations } from "./row.ts";
import type { Look, Stage } from "./stage.ts";

const looks: readonly Look[] = [{ colorScheme: "light" }, { colorScheme: "dark" }];

const pageOf = (stage: Stage, role: string | undefined, look: Look): Promise<Page> =>
  role === undefined ? stage.phoneOf(stage.takeStudent(), look) : stage.portalOf(role, look);

/** A sheet takes its colours from where it stands: one was white on white, and no walk over the pages saw it. */
export const sheetsRow: Row = {
  name: "axe finds nothing on the sheets that open over a page, light and dark",
  isLong: true,
  async run(stage) {
    const faults: string[] = [];
    await disputedTopUp(stage, stage.takeStudent(), 12_300);
    for (const look of looks)
      for (const [role, own] of Map.groupBy(sheets, (sheet) => sheet.role)) {
        const page = await pageOf(stage, role, look);
        for (const { address, button } of own) {
          await page.goto(address.replace("{cafe}", stage.cafeId));
          await page.locator("main").getByRole("button", { name: button }).first().click();
          await page.locator("dialog[open] :focus").first().waitFor();
          for (const fault of await violations(page)) faults.push(`${address} ${button} ${look.colorScheme}: ${fault}`);
        }
        await page.context().close();
      }
    assert.deepEqual(faults, []);
    return `${sheets.length} sheets`;
  },
};
