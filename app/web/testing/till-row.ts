import assert from "node:assert/strict";
import type { Row } from "./row.ts";

const pin = "4071";
const wrongPin = "1111";
const kronor = (minor: number) => (minor / 100).toLocaleString("sv-SE", { minimumFractionDigits: 2 }).replace(/[\u00a0\u202f]/g, " ");

export const tillRow: Row = {
  name: "who stands at the till logs in once, is named in the shift, notes cash in and out, locks the till by PIN; a wrong PIN and a card open nothing",
  async run(stage) {
    const cashier = stage.start.staff.find(({ role, cafe_id }) => role === "cashier" && cafe_id === stage.cafeId);
    const till = await stage.till();
    await till.getByRole("button", { name: "Who is here?" }).click();
    await till.getByLabel("Username").fill(cashier?.username ?? "");
    await till.getByLabel("Password").fill(cashier?.password ?? "");
    await till.getByLabel("A PIN of four digits").fill(pin);
    await till.getByRole("button", { name: "Begin" }).click();
    await till.getByRole("button", { name: "Tova Ek" }).waitFor();

    await till.getByRole("button", { name: "Shift", exact: true }).click();
    await till.getByLabel("Cash in the drawer").fill("500");
    await till.getByRole("button", { name: "Open the shift" }).click();
    for (const [way, amount, reason] of [
      ["Put in", "200", "Change from the safe"],
      ["Take out", "75.50", "Milk"],
    ] as const) {
      await till.getByRole("button", { name: way, exact: true }).click();
      await till.getByLabel("Amount").fill(amount);
      await till.getByLabel("Why").fill(reason);
      await till.getByRole("button", { name: `Note it: ${way}` }).click();
      await till.getByRole("listitem").filter({ hasText: reason }).waitFor();
    }
    await till.getByLabel("Cash counted").fill("620");
    await till.getByRole("button", { name: "Close the shift" }).click();
    await till.getByRole("heading", { name: /^Z-report/ }).waitFor();
    const told = ((await till.locator(".shift-facts").textContent()) ?? "").replace(/[\u00a0\u202f]/g, " ");
    // What was sold here for cash before the first shift is in its report too.
    const soldMinor = Number(/Cash([\d ]+,\d\d) kr/.exec(told)?.[1]?.replace(/\D/g, ""));
    const expectedMinor = 50_000 + 20_000 - 7_550 + soldMinor;
    assert.match(told, new RegExp(`Expected in the drawer${kronor(expectedMinor)} kr.*Difference[−-]${kronor(expectedMinor - 62_000)} kr`));
    await till.getByRole("button", { name: "Close", exact: true }).click();
    const { items } = await stage.json<{ items: { opened_by: string | null; closed_by: string | null }[] }>(
      "/api/v1/admin/shifts?limit=1",
      undefined,
      await stage.staffToken("owner"),
    );
    assert.ok(items[0]?.opened_by && items[0].opened_by === items[0].closed_by, "the shift is in nobody's name");

    await till.getByRole("button", { name: "Tova Ek" }).click();
    await till.getByRole("button", { name: "Lock the till" }).click();
    const press = async (digits: string) => {
      for (const digit of digits) await till.getByRole("button", { name: digit, exact: true }).click();
    };
    await stage.scan(till, stage.takeStudent());
    await press(wrongPin);
    await till.getByText("Wrong PIN, 4 tries left").waitFor();
    assert.equal(await till.locator(".hold").count(), 0, "a card or a wrong PIN has opened the till");
    await press(pin);
    await till.locator(".hold").waitFor();
    await till.context().close();
    return undefined;
  },
};
