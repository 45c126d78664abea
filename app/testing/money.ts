import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from "node:crypto";
import { cardHash } from "../cards/card-hash.ts";
import { confirmKeyChallenge } from "../identity/confirm-key.ts";
import type { Identity } from "../identity/identity.ts";
import { type Database, sql, type Transaction } from "../platform/postgres.ts";
import type { Api, ApiAnswer } from "./api-client.ts";
import type { Campus } from "./campus.ts";
import type { People, StudentOptions, TestCafe, TestDevice, TestStaff, TestStudent } from "./people.ts";
import { askForCode, type WantedStepUp } from "./step-up.ts";

/** A café with a terminal at its counter. */
export interface Till {
  readonly cafe: TestCafe;
  readonly device: TestDevice;
}

export interface PlacedOrder {
  readonly id: string;
  readonly order_number: string;
  readonly status: string;
  readonly payment_status: string;
  readonly total_minor: number;
  readonly version: number;
}

/** What the phone knows of a charge, and the number that only the counter shows. */
export interface ScannedCharge {
  readonly id: string;
  readonly order_id: string;
  readonly state: string;
  readonly amount_minor: number;
  readonly digest: string;
  readonly expires_in: number;
  readonly match_code: string;
  readonly short_code: string;
  readonly receipt: string | null;
}

export interface ScanBody {
  readonly charge: { readonly id: string; readonly state: string; readonly order_id: string; readonly expires_in: number };
  readonly match_code: string;
  readonly short_code: string;
  readonly reachable: readonly string[];
  readonly error?: ErrorPart;
}

interface ErrorPart {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ConfirmBody {
  readonly receipt?: string;
  readonly receipt_id?: string;
  readonly order_id?: string;
  readonly balance_minor_after?: number;
  readonly status?: string;
  readonly status_url?: string;
  readonly error?: ErrorPart;
}

export interface ConfirmOptions {
  readonly process?: 0 | 1;
  readonly digest?: string;
  readonly number_match?: string;
  readonly signature?: string;
  readonly token?: string;
}

export interface MoneyStudent extends TestStudent {
  readonly cardUid: string;
  readonly cardId: string;
  /** Signs on another phone: a second session of the same student. */
  otherSession(): Promise<string>;
  topUp(amountMinor: number): Promise<void>;
  balanceMinor(): Promise<number>;
  /** Newest first, signed amounts. */
  statement(): Promise<{ kind: string; amountMinor: number }[]>;
  placeOrder(options: OrderOptions): Promise<PlacedOrder>;
  readOrder(orderId: string): Promise<PlacedOrder>;
  cancel(orderId: string): Promise<ApiAnswer<PlacedOrder & { error?: ErrorPart }>>;
  amend(orderId: string, totalMinor: number): Promise<PlacedOrder>;
  scan(till: Till, options?: ScanOptions): Promise<ApiAnswer<ScanBody>>;
  /** An order placed and its card scanned, as the phone then sees the charge. */
  scannedOrder(options: OrderOptions): Promise<ScannedCharge>;
  readCharge(chargeId: string): Promise<ScannedCharge>;
  confirm(charge: Pick<ScannedCharge, "id" | "digest" | "match_code">, options?: ConfirmOptions): Promise<ApiAnswer<ConfirmBody>>;
  decline(chargeId: string, options?: { process?: 0 | 1; notMe?: boolean }): Promise<ApiAnswer<ConfirmBody & { state?: string }>>;
  /** Registers the phone's own key; from then on each confirm must be signed by it. */
  registerKey(): Promise<KeyObject>;
  /** A code of the phone for this one thing, as the body of the request that does it. */
  proof(wanted: WantedStepUp, key?: KeyObject): Promise<{ otp: string; signature?: string }>;
}

interface OrderOptions {
  readonly till: Till;
  readonly totalMinor: number;
}

interface ScanOptions {
  readonly scanId?: string;
  readonly orderId?: string | undefined;
  readonly process?: 0 | 1;
  readonly cardUid?: string;
}

export interface FundedOptions extends StudentOptions {
  readonly balanceMinor: number;
  readonly dailyLimitMinor?: number;
}

export interface Money {
  till(): Promise<Till>;
  /** A second terminal at the same counter. */
  secondTill(till: Till): Promise<Till>;
  /** A dish of this price on the café's menu. */
  dish(cafe: Pick<TestCafe, "id">, priceMinor: number): Promise<{ readonly id: string; readonly priceMinor: number }>;
  /** Signed in, with a card and a wallet that was filled by an adjustment of two people. */
  fundedStudent(options: FundedOptions): Promise<MoneyStudent>;
}

export interface MoneyParts extends Pick<People, "cafe" | "device" | "staff" | "student"> {
  readonly api: Api;
  readonly owner: Database;
  readonly env: Readonly<Record<string, string>>;
  readonly identity: Pick<Identity, "signAccessToken">;
}

export const signDigest = (key: KeyObject, digest: string): string =>
  sign("sha256", Buffer.from(digest), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");

export const newCardUid = (): string => randomBytes(7).toString("hex");

export const moneyOf = (campus: Campus): Money => createMoney({ ...campus, identity: campus.processes[0].identity });

/** Students with money at cafés with a till: what every test of the money begins with. */
export function createMoney(parts: MoneyParts): Money {
  const { owner } = parts;
  let accountants: Promise<readonly [TestStaff, TestStaff]> | undefined;
  const fund = async (studentId: string, amountMinor: number) => {
    accountants ??= Promise.all([parts.staff("finance"), parts.staff("finance")]);
    const [asks, approves] = await accountants;
    await owner.transaction((tx) => adjust(tx, { studentId, amountMinor, requestedBy: asks.id, decidedBy: approves.id }));
  };
  return {
    async till() {
      const cafe = await parts.cafe();
      return { cafe, device: await parts.device(cafe) };
    },
    secondTill: async ({ cafe }) => ({ cafe, device: await parts.device(cafe) }),
    dish: async (cafe, priceMinor) => ({ id: await dishAt(owner, cafe, priceMinor), priceMinor }),
    async fundedStudent({ balanceMinor, dailyLimitMinor, ...options }) {
      const student = await parts.student(options);
      const cardUid = newCardUid();
      const cardId = await owner.transaction(async (tx) => {
        await openTestWallet(tx, student.id, dailyLimitMinor);
        return issueTestCard(tx, student.id, cardHash(parts.env.CARD_PEPPER ?? "", cardUid));
      });
      if (balanceMinor > 0) await fund(student.id, balanceMinor);
      return moneyStudent(parts, { student, cardUid, cardId, fund });
    },
  };
}

async function openTestWallet(tx: Transaction, studentId: string, dailyLimitMinor: number | undefined): Promise<void> {
  await tx.run(sql`
    insert into wallets (student_id, account_id, currency, daily_limit_minor)
    values (${studentId}, account_of('wallet', ${studentId}, null, 'SEK'), 'SEK', ${dailyLimitMinor ?? null})`);
}

async function issueTestCard(tx: Transaction, studentId: string, uidHash: Buffer): Promise<string> {
  const card = await tx.row<{ id: string }>(sql`insert into cards (student_id, uid_hash) values (${studentId}, ${uidHash}) returning id`);
  return card?.id ?? "";
}

interface Adjustment {
  readonly studentId: string;
  readonly amountMinor: number;
  readonly requestedBy: string;
  readonly decidedBy: string;
}

/** Money into a wallet, by an adjustment of two people. */
export async function adjust(tx: Transaction, { studentId, amountMinor, requestedBy, decidedBy }: Adjustment): Promise<void> {
  await tx.run(sql`
    with asked as (select uuidv7() as id),
    moved as (
      select asked.id, post_to_wallet('adjustment', ${studentId}, account_of('adjustments', null, null, 'SEK'), ${amountMinor}, 'SEK',
        null, null, asked.id, null) as transaction_id from asked)
    insert into adjustments (id, student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id, decided_at)
    select id, ${studentId}, ${amountMinor}, 'SEK', 'money for a test', 'approved', ${requestedBy}, ${decidedBy}, transaction_id, now() from moved`);
}

interface StudentParts {
  readonly student: TestStudent;
  readonly cardUid: string;
  readonly cardId: string;
  fund(studentId: string, amountMinor: number): Promise<void>;
}

function moneyStudent(parts: MoneyParts, { student, cardUid, cardId, fund }: StudentParts): MoneyStudent {
  const { owner, api } = parts;
  const readCharge = async (chargeId: string) => expectOk(await student.api<ScannedCharge>("GET", `/charges/${chargeId}`));
  const self: MoneyStudent = {
    ...student,
    cardUid,
    cardId,
    otherSession: () => openOtherSession(parts, student.id),
    topUp: (amountMinor) => fund(student.id, amountMinor),
    async balanceMinor() {
      const wallet = await owner.row<{ balanceMinor: number }>(sql`select balance_minor from wallets where student_id = ${student.id}`);
      return wallet?.balanceMinor ?? 0;
    },
    statement: () =>
      owner.rows(sql`
        select t.kind, case when t.to_account_id = w.account_id then t.amount_minor else -t.amount_minor end as amount_minor
        from ledger_transactions t join wallets w on w.student_id = t.wallet_student_id
        where t.wallet_student_id = ${student.id} order by t.wallet_seq desc`),
    async placeOrder({ till, totalMinor }) {
      const body = { cafe_id: till.cafe.id, items: [{ menu_item_id: await dishAt(owner, till.cafe, totalMinor), quantity: 1 }] };
      return expectOk(await student.api<{ order: PlacedOrder }>("POST", "/orders", { body })).order;
    },
    readOrder: async (orderId) => expectOk(await student.api<PlacedOrder>("GET", `/orders/${orderId}`)),
    cancel: (orderId) => student.api("POST", `/orders/${orderId}/cancel`),
    async amend(orderId, totalMinor) {
      const order = await owner.row<{ cafeId: string }>(sql`select cafe_id from orders where id = ${orderId}`);
      const menuItemId = await dishAt(owner, { id: order?.cafeId ?? "" }, totalMinor);
      return expectOk(
        await student.api<PlacedOrder>("PUT", `/orders/${orderId}`, { body: { items: [{ menu_item_id: menuItemId, quantity: 1 }] } }),
      );
    },
    scan: (till, { scanId = randomUUID(), orderId, process = 0, cardUid: uid = cardUid } = {}) =>
      till.device.api<ScanBody>("POST", "/pos/scans", {
        process,
        body: { scan_id: scanId, card_uid: uid, ...(orderId === undefined ? {} : { order_id: orderId }) },
      }),
    async scannedOrder(options) {
      const order = await self.placeOrder(options);
      const scanned = expectOk(await self.scan(options.till, { orderId: order.id }));
      return { ...(await readCharge(scanned.charge.id)), match_code: scanned.match_code };
    },
    readCharge,
    confirm: ({ id, digest, match_code }, { process = 0, token, ...own } = {}) =>
      api<ConfirmBody>("POST", `/charges/${id}/confirm`, {
        process,
        token: token ?? student.token,
        body: { digest, number_match: match_code, ...own },
      }),
    decline: (chargeId, { process = 0, notMe = false } = {}) =>
      student.api("POST", `/charges/${chargeId}/decline`, { process, body: { not_me: notMe } }),
    async registerKey() {
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const text = publicKey.export({ type: "spki", format: "der" }).toString("base64url");
      const proof = signDigest(privateKey, confirmKeyChallenge(student.id, text));
      expectOk(await student.api("POST", "/users/confirm-keys", { body: { public_key: text, proof } }));
      return privateKey;
    },
    async proof(wanted, key) {
      const { otp, challenge } = await askForCode(parts, student, wanted);
      return { otp, ...(key === undefined ? {} : { signature: signDigest(key, challenge) }) };
    },
  };
  return self;
}

async function openOtherSession({ owner, identity }: MoneyParts, studentId: string): Promise<string> {
  const session = await owner.row<{ id: string }>(sql`insert into sessions (student_id) values (${studentId}) returning id`);
  return identity.signAccessToken({ kind: "student", id: studentId, sessionId: session?.id ?? "" });
}

/** What an answer must be for the test to go on at all. */
export function expectOk<Body>(answer: ApiAnswer<Body>): Body {
  if (answer.status >= 300) throw new Error(`A 2xx answer was needed, it was ${answer.status}: ${answer.text}`);
  return answer.body;
}

/** A dish of this price on the café's menu, made when it is first wanted. */
async function dishAt(owner: Database, cafe: Pick<TestCafe, "id">, priceMinor: number): Promise<string> {
  const found = await owner.row<{ id: string }>(sql`
    with category as (
      insert into categories (cafe_id, name) values (${cafe.id}, 'Lunch') on conflict (cafe_id, name) do update set name = excluded.name returning id),
    known as (select id from menu_items where cafe_id = ${cafe.id} and price_minor = ${priceMinor} and stock is null and deleted_at is null limit 1),
    made as (
      insert into menu_items (cafe_id, category_id, name, price_minor)
      select ${cafe.id}, category.id, 'Dish for ' || ${priceMinor}::text, ${priceMinor} from category where not exists (select from known) returning id)
    select id from known union all select id from made limit 1`);
  if (!found) throw new Error("The dish was not made.");
  return found.id;
}
