import type { KeyObject } from "node:crypto";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Campus, startCampus } from "../campus.ts";
import {
  type ConfirmOptions,
  type Money,
  type MoneyStudent,
  moneyOf,
  newCardUid,
  type ScannedCharge,
  signDigest,
  type Till,
} from "../money.ts";
import { type Books, expireIn, readBooks, violations } from "./books.ts";

const totalMinor = 5_900;

let campus: Campus;
let money: Money;
let till: Till;
let victim: MoneyStudent;
let key: KeyObject;
let charge: ScannedCharge;
let before: Books;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
});

beforeEach(async () => {
  victim = await money.fundedStudent({ balanceMinor: 50_000 });
  key = await victim.registerKey();
  charge = await victim.scannedOrder({ till, totalMinor });
  before = await readBooks(campus.owner);
});

afterEach(async () => {
  expect(await readBooks(campus.owner)).toEqual(before);
  expect(await violations(campus.owner)).toEqual({});
});

afterAll(() => campus.end());

const attack = async (options: ConfirmOptions) => {
  const { status, body } = await victim.confirm(charge, options);
  return [status, body.error?.code];
};
const signed = (digest = charge.digest) => signDigest(key, digest);

test("another student's token confirms nothing, even with a signature of the right phone", async () => {
  const thief = await money.fundedStudent({ balanceMinor: 50_000 });
  before = await readBooks(campus.owner);
  expect(await attack({ token: thief.token, signature: signed() })).toEqual([404, "NOT_FOUND"]);
  expect(await audited()).toEqual([{ actorId: thief.id, because: "not_found" }]);
});

test("a stolen token without the phone's key confirms nothing", async () => {
  expect(await attack({})).toEqual([401, "INVALID_SIGNATURE"]);
  expect(await audited()).toEqual([{ actorId: victim.id, because: "signature" }]);
});

test("a signature by another key confirms nothing", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  expect(await attack({ signature: signDigest(privateKey, charge.digest) })).toEqual([401, "INVALID_SIGNATURE"]);
  expect(await audited()).toEqual([{ actorId: victim.id, because: "signature" }]);
});

test("a signature of another charge of the same student confirms nothing here", async () => {
  const other = await victim.scannedOrder({ till, totalMinor });
  expect(await attack({ signature: signed(other.digest) })).toEqual([401, "INVALID_SIGNATURE"]);
  expect(await attack({ digest: other.digest, signature: signed(other.digest) })).toEqual([409, "CHARGE_CHANGED"]);
  expect(await audited()).toMatchObject([{ because: "signature" }, { because: "changed" }]);
});

test("a digest over another amount, signed by the right phone, confirms nothing", async () => {
  const cheaper = Buffer.from(charge.digest, "base64url");
  cheaper[0] = (cheaper[0] ?? 0) ^ 1;
  const digest = cheaper.toString("base64url");
  expect(await attack({ digest, signature: signed(digest) })).toEqual([409, "CHARGE_CHANGED"]);
  expect(await audited()).toMatchObject([{ because: "changed" }]);
});

test("an amount in the body is refused, whatever it says", async () => {
  const body = { digest: charge.digest, number_match: charge.match_code, signature: signed(), amount_minor: 1 };
  expect(await victim.api("POST", `/charges/${charge.id}/confirm`, { body })).toMatchObject({ status: 400 });
});

test("an expired charge confirms nothing, with every proof right", async () => {
  const digest = await expireIn(campus.owner, charge.id, 0);
  expect(await attack({ digest, signature: signed(digest) })).toEqual([410, "CHARGE_EXPIRED"]);
});

test("a guessed charge id is as absent as any other, and fills no table", async () => {
  const guessed = { ...charge, id: randomUUID() };
  const rows = async () => (await campus.sql`select count(*) as rows from audit_log`)[0];
  const rowsBefore = await rows();
  expect((await victim.confirm(guessed, { signature: signed() })).status).toBe(404);
  expect((await victim.api("GET", `/charges/${guessed.id}`)).status).toBe(404);
  expect(await rows()).toEqual(rowsBefore);
});

test("a guessed number ends the charge at the third try, and each try is audited", async () => {
  const wrong = charge.match_code === "42" ? "43" : "42";
  for (const state of ["open", "open", "declined"])
    expect(await victim.confirm(charge, { number_match: wrong, signature: signed() })).toMatchObject({
      status: 409,
      body: { error: { code: "NUMBER_MISMATCH", details: { state } } },
    });
  expect(await attack({ signature: signed() })).toEqual([409, "CHARGE_CLOSED"]);
  expect(await audited()).toHaveLength(3);
});

test("a device of another café sees, voids and reads nothing of this one", async () => {
  const elsewhere = await money.till();
  expect((await elsewhere.device.api("GET", `/pos/charges/${charge.id}`)).status).toBe(404);
  expect((await elsewhere.device.api("POST", `/pos/charges/${charge.id}/void`)).status).toBe(404);
  expect(await victim.scan(elsewhere)).toMatchObject({ status: 404, body: { error: { code: "NO_PENDING_ORDER" } } });
  expect(await victim.scan(elsewhere, { orderId: charge.order_id })).toMatchObject({ status: 404 });
  expect(await victim.readCharge(charge.id)).toMatchObject({ state: "open" });
});

test("a made-up card opens nothing and is answered like any other that is not accepted", async () => {
  expect(await victim.scan(till, { cardUid: newCardUid() })).toMatchObject({ status: 403, body: { error: { code: "CARD_NOT_ACCEPTED" } } });
});

test("a counter's key confirms nothing, and a staff token neither", async () => {
  const boss = await campus.staff("owner", till.cafe);
  const body = { digest: charge.digest, number_match: charge.match_code };
  expect((await till.device.api("POST", `/charges/${charge.id}/confirm`, { body })).status).toBe(401);
  expect((await boss.api("POST", `/charges/${charge.id}/confirm`, { body })).status).toBe(403);
});

const audited = () =>
  campus.sql`select actor_id, details ->> 'because' as because from audit_log
    where action = 'charge.confirm_refused' and object_id = ${charge.id} order by id`;
