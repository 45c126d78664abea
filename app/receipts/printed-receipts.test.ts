import { randomUUID } from "node:crypto";
import jsqr from "jsqr";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plainAmount } from "../platform/money-text.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import { drawnOn, textsOf } from "../testing/pdf-text.ts";
import { pair, wrap } from "./paper.ts";
import type { PrintedReceipt } from "./printed-receipt.ts";
import { receiptPdf } from "./receipt-pdf.ts";
import { receiptText } from "./receipt-text.ts";

let campus: Campus;
let money: Money;
let till: Till;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
  await campus.sql`update cafes set name = 'Café Ångström', address = 'Sven Hultins gata 6, Göteborg' where id = ${till.cafe.id}`;
});
afterAll(() => campus.end());

const receipt: PrintedReceipt = {
  cafeName: "Caffè Università",
  cafeAddress: null,
  timeZone: "Europe/Rome",
  printedNumber: "AULA-ORD-20261121-007",
  paidAt: new Date("2026-11-21T11:03:00Z"),
  currency: "EUR",
  lines: [
    {
      name: "Räksmörgås med ägg, dill, citron och en mycket lång beskrivning",
      quantity: 12,
      options: ["Glutenfritt bröd"],
      totalMinor: 118_800,
    },
    { name: "Caffè", quantity: 1, options: [], totalMinor: 120 },
  ],
  deliveryChargeMinor: 0,
  totalMinor: 118_920,
  refundedMinor: 0,
  vat: [{ vat_basis_points: 1_200, gross_minor: 118_920, vat_minor: 12_741 }],
  paymentMethod: "cash",
  tenderedMinor: 120_000,
  transactionId: "0192f0c1-0000-7000-8000-000000000001",
  receiptId: null,
  jws: null,
};

const paidByCard = async (): Promise<{ student: MoneyStudent; orderId: string; jws: string; receiptId: string }> => {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const charge = await student.scannedOrder({ till, totalMinor: 5_600 });
  const paid = expectOk(await student.confirm(charge));
  return { student, orderId: charge.order_id, jws: paid.receipt ?? "", receiptId: paid.receipt_id ?? "" };
};

describe("a receipt in text", () => {
  test("of a card's payment has the café, the printed number, the lines, the VAT, the total and the signed receipt's id", async () => {
    const { orderId, receiptId, jws } = await paidByCard();
    const answer = await till.device.api("GET", `/pos/orders/${orderId}/receipt`);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; charset=utf-8/i);
    const [order] = await campus.sql<{ orderNumber: string }>`select order_number from orders where id = ${orderId}`;
    for (const part of [
      "Café Ångström",
      `${till.cafe.code}-${order?.orderNumber}`,
      "1 Dish for 5600",
      "TOTAL SEK",
      "VAT 12 % in 56.00",
      "6.00",
      "Campus card",
      receiptId,
    ])
      expect(answer.text).toContain(part);
    expect(answer.text).toContain(`Signed …${jws.slice(-24)}`);
    expect(Math.max(...answer.text.split("\n").map((line) => [...line].length))).toBeLessThanOrEqual(42);
  });

  test("of a sale for cash has its options, several VAT rates, what was handed over, the change and what was given back", async () => {
    const dish = await addDish(campus, till.cafe, {
      name: "Köttbullar",
      priceMinor: 5_000,
      options: [{ name: "Extra", choices: [{ name: "Lingon", priceMinor: 600 }] }],
    });
    const cake = await addDish(campus, till.cafe, { name: "Tårta", priceMinor: 2_500 });
    await campus.sql`update menu_items set vat_basis_points = 2500 where id = ${cake}`;
    const [choice] = await campus.sql<{ id: string }>`
      select c.id from menu_option_choices c join menu_option_groups g on g.id = c.group_id where g.item_id = ${dish}`;
    const items = [
      { menu_item_id: dish, quantity: 2, choice_ids: [choice?.id] },
      { menu_item_id: cake, quantity: 1 },
    ];
    const sold = expectOk(
      await till.device.api<{ order: { id: string } }>("POST", "/pos/sales", {
        body: { payment: "cash", items, cash_tendered_minor: 20_000 },
        headers: { "Idempotency-Key": randomUUID() },
      }),
    );
    const cashier = await campus.staff("cashier", till.cafe);
    expectOk(
      await till.device.api("POST", "/pos/refunds", {
        body: { scan_id: randomUUID(), order_id: sold.order.id, amount_minor: 2_500, reason: "dry" },
        headers: { "X-Staff-Authorization": `Bearer ${cashier.token}` },
      }),
    );
    const { text } = await till.device.api("GET", `/pos/orders/${sold.order.id}/receipt?format=text`);
    const lines = text.split("\n").map((line) => line.replaceAll(/ +/g, " "));
    expect(lines).toEqual(
      expect.arrayContaining([
        "2 Köttbullar 112.00",
        " Lingon",
        "1 Tårta 25.00",
        "TOTAL SEK 137.00",
        " VAT 12 % in 112.00 12.00",
        " VAT 25 % in 25.00 5.00",
        "Cash 200.00",
        "Change 63.00",
        "Given back 25.00",
      ]),
    );
  });

  test("breaks long names at words, keeps every line within 42 letters and every amount at the right edge", () => {
    const lines = receiptText(receipt).trimEnd().split("\n");
    expect(lines.slice(5, 9)).toEqual([
      "12 Räksmörgås med ägg, dill,       1188.00",
      "citron och en mycket lång",
      "beskrivning",
      "  Glutenfritt bröd",
    ]);
    expect(Math.max(...lines.map((line) => [...line].length))).toBe(42);
    expect(lines.filter((line) => /\d\.\d\d$/.test(line)).every((line) => [...line].length === 42)).toBe(true);
    expect(wrap("x".repeat(100)).map((line) => line.length)).toEqual([42, 42, 16]);
    expect(wrap("cafe\u0301\u001b[31m")).toEqual(["café [31m"]);
    expect(pair("a", "1.00")[0]).toHaveLength(42);
    expect([plainAmount(-5, "SEK"), plainAmount(0, "EUR"), plainAmount(123_456, "JPY")]).toEqual(["-0.05", "0.00", "123456"]);
  });
});

describe("a receipt as a PDF", () => {
  test("holds the same lines with å, ä, ö, é, à and è, and is the same bytes each time", async () => {
    const pdf = await receiptPdf(receipt);
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    const text = textsOf(pdf).join("\n");
    for (const line of receiptText(receipt).trimEnd().split("\n")) expect(text).toContain(line.trim());
    expect((await receiptPdf(receipt)).equals(pdf)).toBe(true);
    expect(textsOf(await receiptPdf({ ...receipt, cafeName: "Ké à la 食" })).join("\n")).toContain("Ké à la ?");
  });

  test("of a card's payment has the signed receipt as a QR code that a reader decodes to it", async () => {
    const { orderId, jws, student } = await paidByCard();
    for (const [as, path] of [
      [till.device, `/pos/orders/${orderId}/receipt?format=pdf`],
      [{ authorization: `Bearer ${student.token}` }, `/orders/${orderId}/receipt?format=pdf`],
    ] as const) {
      const answer = await fetch(`${campus.processes[0].url}/api/v1${path}`, { headers: { Authorization: as.authorization } });
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/pdf"]);
      expect(readQr(drawnOn(Buffer.from(await answer.arrayBuffer())))).toBe(jws);
    }
  });
});

// A CommonJS module: its types say that the function is the module, Node that it is the module's default.
const decode = jsqr as unknown as typeof jsqr.default;

/** Paints the page's bars into pixels, four for each module, and lets a reader look at them. */
function readQr(page: string): string | undefined {
  const bars = [...page.matchAll(/([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re/g)].map((found) => found.slice(1).map(Number));
  const side = bars[0]?.[3] ?? 1;
  const [left, top] = [Math.min(...bars.map(([x = 0]) => x)), Math.min(...bars.map(([, y = 0]) => y))];
  const modules = Math.max(...bars.map(([x = 0, , wide = 0]) => Math.round((x + wide - left) / side)));
  const width = (modules + 8) * 4;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [x = 0, y = 0, wide = 0] of bars)
    for (let row = 0; row < 4; row += 1)
      for (let column = 0; column < 4 * Math.round(wide / side); column += 1) {
        const at = ((Math.round((y - top) / side) + 4) * 4 + row) * width + (Math.round((x - left) / side) + 4) * 4 + column;
        pixels.set([0, 0, 0], at * 4);
      }
  return decode(pixels, width, width)?.data;
}

describe("who gets a receipt", () => {
  test("the café's terminals and the student who ordered: for others the order is not there", async () => {
    const { student, orderId } = await paidByCard();
    expect((await student.api("GET", `/orders/${orderId}/receipt`)).status).toBe(200);
    const [other, stranger] = [await money.till(), await campus.student()];
    const asked = [
      other.device.api<{ error: { code: string } }>("GET", `/pos/orders/${orderId}/receipt`),
      stranger.api<{ error: { code: string } }>("GET", `/orders/${orderId}/receipt`),
      till.device.api<{ error: { code: string } }>("GET", `/pos/orders/${randomUUID()}/receipt`),
    ];
    for (const answer of await Promise.all(asked)) expect([answer.status, answer.body.error.code]).toEqual([404, "NOT_FOUND"]);
    const owner = await campus.staff("owner", till.cafe);
    expect((await owner.api("GET", `/orders/${orderId}/receipt`)).status).toBe(403);
    expect((await owner.api("GET", `/pos/orders/${orderId}/receipt`)).status).toBe(401);
    expect((await student.api("GET", `/pos/orders/${orderId}/receipt`)).status).toBe(401);
  });

  test("nobody before it is paid, and in no other format", async () => {
    const student = await money.fundedStudent({ balanceMinor: 0 });
    const order = await student.placeOrder({ till, totalMinor: 700 });
    expect(await student.api("GET", `/orders/${order.id}/receipt`)).toMatchObject({
      status: 409,
      body: { error: { code: "INVALID_TRANSITION" } },
    });
    expect((await student.api("GET", `/orders/${order.id}/receipt?format=html`)).status).toBe(400);
  });
});
