import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, moneyOf } from "../testing/money.ts";
import { codeOf } from "../testing/refusal.ts";

let campus: Campus;
let money: Money;
let gateway: TestGateway;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  await gateway.set({ webhook_url: null });
});
afterAll(async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok)).toEqual([]);
  await campus.end();
});

interface Form {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

const publicUrl = () => campus.processes[0].platform.config.PUBLIC_URL;
const post = (url: string, fields: Readonly<Record<string, string>>) =>
  fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });

/** What the gateway's page has the payer's browser do, once the bank has said something. */
async function payOnPage({ url, fields }: Form, outcome: "captured" | "failed"): Promise<string> {
  const page = await post(`${campus.sandboxUrl}${new URL(url).pathname}`, fields);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("75.00 SEK")]);
  const { order_id = "", callback_url = "" } = fields;
  const answered = await post(`${campus.sandboxUrl}/sandbox/gateway/checkout/pay`, { order_id, callback_url, outcome });
  const hidden = [...(await answered.text()).matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]);
  const { pathname, search } = new URL(callback_url);
  const back = await post(`${campus.processes[0].url}${pathname}${search}`, Object.fromEntries(hidden));
  expect(back.status).toBe(303);
  return back.headers.get("location") ?? "";
}

test("whoever tops up pays at the gateway's own page and comes back with what verify asks for", async () => {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const { checkout } = expectOk(
    await student.api<{ checkout: Form }>("POST", "/wallet/top-ups", {
      headers: { "Idempotency-Key": randomUUID() },
      body: { amount_minor: 7_500 },
    }),
  );
  const page = `${publicUrl()}/wallet`;
  expect(checkout.fields).toMatchObject({ amount: "7500", currency: "SEK", cancel_url: page });
  expect(await payOnPage(checkout, "failed")).toBe(`${page}#unpaid`);
  const { hash, href } = new URL(await payOnPage(checkout, "captured"));
  expect(href).toBe(`${page}${hash}`);
  const [gateway_order_id = "", payment_id = "", signature = ""] = hash.replace("#paid=", "").split("/");
  expect(await student.balanceMinor()).toBe(0);
  expect((await gateway.verify(student, { gateway_order_id, payment_id, signature })).body).toMatchObject({ status: "credited" });
  expect(await student.balanceMinor()).toBe(7_500);
});

test("who gives by a link comes back to that link", async () => {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const { token } = expectOk(await student.api<{ token: string }>("POST", "/wallet/gift-link", { body: { limit_minor: 10_000 } }));
  const { checkout } = expectOk(await campus.api<{ checkout: Form }>("POST", `/gifts/${token}`, { body: { amount_minor: 7_500 } }));
  expect(await payOnPage(checkout, "captured")).toContain(`${publicUrl()}/gifts/${token}#paid=`);
});

test("the way back leads to pages of ours alone, whatever is posted, and books nothing", async () => {
  const back = (query: string, body: string) =>
    fetch(`${campus.processes[1].url}/api/v1/payments/return${query}`, { method: "POST", body, redirect: "manual" });
  for (const to of [
    "https://elsewhere.example",
    "//elsewhere.example/",
    "/\\elsewhere.example",
    "/wallet?x=1",
    "/a#paid=1",
    "javascript:alert(1)",
    "/%0d%0aX: 1",
  ])
    expect((await back(`?${new URLSearchParams({ to })}`, "")).status, to).toBe(400);
  const forged = { razorpay_order_id: "order_1/../x", razorpay_payment_id: "pay_#1", razorpay_signature: "<script>" };
  const answered = await back("?to=/wallet", new URLSearchParams(forged).toString());
  expect(answered.headers.get("location")).toBe(`${publicUrl()}/wallet#paid=order_1%2F..%2Fx/pay_%231/%3Cscript%3E`);
  for (const body of ["", "razorpay_order_id=1", '{"json":1}', "\u0000%", "a=".padEnd(40_000, "x")])
    expect((await back("", body)).headers.get("location")).toBe(`${publicUrl()}/wallet#unpaid`);
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const verified = await gateway.verify(student, { gateway_order_id: "order_1/../x", payment_id: "pay_#1", signature: "<script>" });
  expect(codeOf(verified)).toBe("INVALID_SIGNATURE");
});
