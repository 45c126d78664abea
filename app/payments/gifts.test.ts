import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf } from "../testing/money.ts";
import { violations } from "../testing/proof/books.ts";

let campus: Campus;
let money: Money;
let gateway: TestGateway;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  await gateway.connect();
});
afterAll(async () => {
  expect(await violations(campus.owner)).toEqual({});
  await campus.end();
});

interface Link {
  readonly id: string;
  readonly token: string;
  readonly url: string;
}

interface GiftBody {
  readonly gateway_order_id: string;
  readonly error?: { readonly code: string; readonly message: string };
}

async function withLink(limit_minor = 50_000): Promise<{ student: MoneyStudent; link: Link }> {
  const student = await money.fundedStudent({ balanceMinor: 0, name: "Gudrun Åström" });
  const link = expectOk(await student.api<Link>("POST", "/wallet/gift-link", { body: { limit_minor } }));
  return { student, link };
}
const look = (token: string) => campus.api<GiftBody>("GET", `/gifts/${token}`);
const pay = (token: string, amount_minor: number, process: 0 | 1 = 0) =>
  campus.api<GiftBody>("POST", `/gifts/${token}`, { body: { amount_minor }, process });

describe("a gift link", () => {
  test("lets a stranger pay into the wallet, knowing a first name and no more", async () => {
    const { student, link } = await withLink();
    expect(link.url).toContain(`/gifts/${link.token}`);
    const seen = await look(link.token);
    expect(seen.body).toEqual({
      first_name: "Gudrun",
      currency: "SEK",
      min_minor: 1_000,
      max_minor: 50_000,
      expires_at: expect.any(String),
    });
    const opened = expectOk(await pay(link.token, 20_000));
    expect(opened).toMatchObject({ gateway: "razorpay", amount: 20_000, currency: "SEK" });
    await gateway.pay(opened.gateway_order_id);
    await gateway.quiet();
    await campus.drainOutbox();
    expect(await student.balanceMinor()).toBe(20_000);
    expect((await student.api<{ items: object[] }>("GET", "/wallet/top-ups")).body.items).toMatchObject([
      { purpose: "gift", status: "paid" },
    ]);
  });

  test("takes no more than its limit over all gifts, whoever asks at once", async () => {
    const { link } = await withLink(30_000);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => pay(link.token, 10_000, (index % 2) as 0 | 1)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(new Set(answers.filter(({ status }) => status !== 201).map(({ body }) => body.error?.code))).toEqual(
      new Set(["SPEND_LIMIT_REACHED"]),
    );
  });

  test("is opened at most twenty times an hour", async () => {
    const { link } = await withLink(500_000);
    const answers = await Promise.all(Array.from({ length: 22 }, () => pay(link.token, 1_000)));
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, body }) => [status, body.error?.code])).toEqual(Array.from({ length: 2 }, () => [429, "RATE_LIMITED"]));
    expect(refused[0]?.headers.get("Retry-After")).toBe("600");
  });

  test("that is unknown, expired, taken back, or of a closed wallet is one and the same 404", async () => {
    const [expired, revoked, closed] = [await withLink(), await withLink(), await withLink()];
    await campus.sql`update gift_links set expires_at = now() where id = ${expired.link.id}`;
    expect((await revoked.student.api("DELETE", `/wallet/gift-links/${revoked.link.id}`)).status).toBe(204);
    await campus.sql`update wallets set status = 'closed' where student_id = ${closed.student.id}`;
    const tokens = ["A".repeat(22), "short", expired.link.token, revoked.link.token, closed.link.token];
    const answers = [...(await Promise.all(tokens.map(look))), ...(await Promise.all(tokens.map((token) => pay(token, 5_000))))];
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
    expect((await look("no%20token")).status).toBe(400);
  });

  test("is its student's: nobody else takes it back, staff make none, and its token is kept nowhere", async () => {
    const { student, link } = await withLink();
    const other = await money.fundedStudent({ balanceMinor: 0 });
    expect((await other.api("DELETE", `/wallet/gift-links/${link.id}`)).status).toBe(404);
    expect((await (await campus.staff("admin")).api("POST", "/wallet/gift-link", { body: { limit_minor: 5_000 } })).status).toBe(403);
    expect((await student.api<{ items: Link[] }>("GET", "/wallet/gift-links")).body.items.map(({ id }) => id)).toEqual([link.id]);
    expect((await other.api<{ items: Link[] }>("GET", "/wallet/gift-links")).body.items).toEqual([]);
    const kept = await campus.sql`select to_jsonb(l)::text as text from gift_links l`;
    expect(JSON.stringify(kept)).not.toContain(link.token);
    expect(campus.logLines.join("")).not.toContain(link.token);
  });

  test("is one of at most ten; an amount outside the limits of top-ups is refused", async () => {
    const { student, link } = await withLink();
    for (let made = 1; made < 10; made += 1) expectOk(await student.api("POST", "/wallet/gift-link", { body: { limit_minor: 5_000 } }));
    expect((await student.api<GiftBody>("POST", "/wallet/gift-link", { body: { limit_minor: 5_000 } })).body.error?.code).toBe("CONFLICT");
    for (const amount of [999, 500_001, 0]) expect((await pay(link.token, amount)).body.error?.code).toBe("VALIDATION_ERROR");
  });
});
