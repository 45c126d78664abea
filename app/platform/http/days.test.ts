import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../../testing/campus.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

test("a day or moment that the database cannot hold is refused wherever one is asked for, and the first and the last that it can are none", async () => {
  const finance = await campus.staff("finance");
  const admin = await campus.staff("admin");
  const get = async (path: string, as = finance) => (await as.api("GET", path)).status;
  const post = async (path: string, body: object, as = finance) =>
    (await as.api("POST", path, { body, headers: { "Idempotency-Key": randomUUID() } })).status;
  const asked = async (day: string) => ({
    settlements: await get(`/admin/settlements?day=${day}`),
    transactions: await get(`/admin/transactions?day=${day}`),
    paidFrom: await get(`/admin/transactions?from=${day}T00:00:00Z`),
    reconciliation: await get(`/admin/reconciliation?from=${day}T00:00:00Z&until=${day}T12:00:00Z`),
    audit: await get(`/admin/audit?from=${day}T00:00:00Z`, admin),
    journal: await get(`/admin/journal?from=${day}&until=${day}`),
    files: await post("/admin/payment-files", { execution_day: day, settlement_ids: [randomUUID()] }),
    terms: await post("/admin/settlement-terms", { from_day: day, fee_basis_points: 1, fee_vat_basis_points: 0 }, admin),
  });
  const refused = await asked("0000-01-01");
  expect(refused).toEqual(Object.fromEntries(Object.keys(refused).map((name) => [name, 400])));
  for (const day of ["1970-01-02", "9999-12-30"]) for (const status of Object.values(await asked(day))) expect(status).toBeLessThan(500);
});
