import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { promisify } from "node:util";
import { type Database, sql } from "../../app/platform/postgres.ts";
import { testEnvironment } from "../../app/testing/configure.ts";
import type { Pair } from "../../app/testing/failover/pair.ts";
import { expectOk } from "../../app/testing/money.ts";
import type { TestStaff } from "../../app/testing/people.ts";
import type { Random } from "../../app/testing/proof/random.ts";
import { readLoss } from "../failover/loss.ts";
import type { DrillCampus, Truth } from "./drill-campus.ts";
import { type Acknowledged, buyMeal, payOrder } from "./shoppers.ts";

interface Reconciliation {
  readonly owner: Database;
  readonly pair: Pair;
  readonly campus: DrillCampus;
  readonly acknowledged: readonly Acknowledged[];
  readonly truth: Truth;
  readonly random: Random;
}

export interface Reconciled {
  readonly found: number;
  readonly foundOnDisk: number;
  readonly falseCases: number;
  readonly reposted: number;
  readonly ordersLost: number;
  readonly paidAgain: number;
  readonly problems: readonly string[];
}

interface Case {
  readonly id: string;
  readonly receipt_id: string;
  readonly order_id: string;
  readonly student_id: string;
  readonly amount_minor: number;
  readonly presented_by: "student" | "device" | "staff";
  readonly proposal: "repost" | "dismiss" | "by_hand" | null;
  readonly order: string;
}

/** A meal that a student has to have paid, once. */
interface Meal {
  readonly studentId: string;
  readonly orderId: string;
  readonly amountMinor: number;
}

const perCall = 40;
const casesPerCall = 500;
const maxPages = 1_000;
const paidAgainShare = 0.5;
/** Every fourth phone is never switched on again. */
const silentPhones = 4;

/** What people do after the failover: some pay again, phones bring back what they hold, the old disk is read, two of finance decide. */
export async function reconcile({ owner, pair, campus, acknowledged, truth, random }: Reconciliation): Promise<Reconciled> {
  const problems: string[] = [];
  problems.push(...(await rests(campus)));
  const fresh = await payAnew(owner, campus, truth.lost, random);
  const held = acknowledged.filter(({ student }) => campus.students.indexOf(student) % silentPhones !== 0);
  await present(held);
  await present(held);
  await readOldDisk(pair, campus);
  const cases = await listCases(campus);

  const reposted = await postAgain(campus, cases);
  for (const { id } of cases.filter(({ proposal }) => proposal === "dismiss"))
    expectOk(await campus.accountants[0].api("POST", `/admin/failover/cases/${id}/dismiss`, { body: { reason: "Paid again since." } }));
  problems.push(...(await wrongLoss(owner, campus, truth)));
  const byHand = cases.filter(({ proposal }) => proposal === "by_hand");
  if (byHand.length > 0) problems.push(`${byHand.length} cases could be decided by hand only`);
  problems.push(...(await wrongBalances(owner, campus, [...[...acknowledged, ...fresh.bought].map(mealOf), ...cases.map(mealOfCase)])));
  const still = (await present(acknowledged)).filter(({ status }) => status !== "known").length;
  if (still !== fresh.paidAgain) problems.push(`${still} receipts are still missing, ${fresh.paidAgain} were paid again`);
  expectOk(await campus.accountants[0].api("POST", "/admin/failover/end"));
  if ((await booksAt(campus)) !== "normal") problems.push("the books are not normal again at the end");

  const lostIds = new Set(truth.lost.map(({ receiptId }) => receiptId));
  const found = cases.filter(({ receipt_id }) => lostIds.has(receipt_id));
  const falseCases = cases.filter(({ receipt_id }) => truth.survivedReceiptIds.has(receipt_id));
  const foundIds = new Set(found.map(({ receipt_id }) => receipt_id));
  problems.push(...[...lostIds].filter((id) => !foundIds.has(id)).map((id) => `I18: the lost receipt ${id} was not found`));
  problems.push(...falseCases.map(({ receipt_id }) => `I18: the receipt ${receipt_id} is a case and was not lost`));
  return {
    found: found.length,
    foundOnDisk: found.filter(({ presented_by }) => presented_by === "staff").length,
    falseCases: falseCases.length,
    reposted,
    ordersLost: found.filter(({ order }) => order === "missing").length,
    paidAgain: fresh.paidAgain,
    problems,
  };
}

const mealOf = ({ student, orderId, amountMinor }: Acknowledged): Meal => ({ studentId: student.id, orderId, amountMinor });
const mealOfCase = ({ student_id, order_id, amount_minor }: Case): Meal => ({
  studentId: student_id,
  orderId: order_id,
  amountMinor: amount_minor,
});

/** What `npm run failover` reports, also when the debits are posted again already. */
async function wrongLoss(owner: Database, { accountants: [{ api }] }: DrillCampus, truth: Truth): Promise<string[]> {
  const kept = await owner.row<{ at: Date }>(
    sql`select created_at as at from receipts where id = any(${[...truth.survivedReceiptIds]}::uuid[]) order by id desc limit 1`,
  );
  const loss = await readLoss({
    get: async <Body>(path: string) => expectOk(await api<Body>("GET", path)),
    post: async <Body>(path: string, body: unknown) => expectOk(await api<Body>("POST", path, { body })),
  });
  const keptAt = kept?.at.toISOString() ?? null;
  const listed = new Set(loss.lost.map(({ receipt_id }) => receipt_id));
  const missing = truth.lost.filter(({ receiptId }) => !listed.has(receiptId)).length;
  return [
    ...(loss.lastKeptAt === keptAt ? [] : [`the newest that came over is of ${keptAt} and not of ${loss.lastKeptAt}`]),
    ...(missing === 0 ? [] : [`${missing} lost receipts are not in the report`]),
  ];
}

/** One of finance runs the command that presents what the lost server's disk still holds. */
async function readOldDisk(pair: Pair, { accountants: [first], urls }: DrillCampus): Promise<void> {
  await pair.restartFirst();
  const { stdout } = await command("failover-compare.ts", urls[0], first, {
    OLD_DATABASE_URL: pair.accessFirst.ownerUrl,
    OLD_DATABASE_PASSWORD: pair.passwords.owner,
    RECEIPT_KEYS: testEnvironment({}).RECEIPT_KEYS ?? "",
  });
  if (!/ 0 refused/.test(stdout)) throw new Error(`The old disk's receipts were refused: ${stdout}`);
}

const command = (script: string, url: string, { username, password }: TestStaff, more: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(process.execPath, [path.join(import.meta.dirname, "..", script), "--url", url], {
    env: { PATH: process.env.PATH, CAMPUS_USERNAME: username, CAMPUS_PASSWORD: password, ...more },
  });

const booksAt = async ({ urls }: DrillCampus): Promise<string> =>
  ((await (await fetch(`${urls[0]}/health`)).json()) as { books: string }).books;

/** The second region says that it reconciles, and money for a bank rests. */
async function rests(campus: DrillCampus): Promise<string[]> {
  const books = await booksAt(campus);
  const pay = await campus.accountants[0].api("POST", `/admin/settlements/${randomUUID()}/pay`, {
    headers: { "Idempotency-Key": randomUUID() },
    body: { bank_reference: "drill" },
  });
  return [
    ...(books === "reconciling" ? [] : [`/health says that the books are ${books}`]),
    ...(pay.status === 503 ? [] : [`a pay-out was answered ${pay.status} while the books were reconciled`]),
  ];
}

/** Students go on buying at once, and some who see their order unpaid pay it a second time. */
async function payAnew(owner: Database, campus: DrillCampus, lost: readonly Acknowledged[], random: Random) {
  const bought: Acknowledged[] = [];
  for (const [place, student] of campus.students.entries()) {
    const meal = await buyMeal(student, campus.shops[place % campus.shops.length] ?? campus.shops[0], (place % 2) as 0 | 1);
    if (meal) bought.push(meal);
    else throw new Error("A student could not pay after the failover.");
  }
  const unpaid = await owner.rows<{ id: string }>(sql`
    select id from orders where id = any(${lost.map(({ orderId }) => orderId)}::uuid[]) and payment_status = 'pending' order by id`);
  const again = unpaid.filter(() => random.chance(paidAgainShare)).map(({ id }) => lost.find(({ orderId }) => orderId === id));
  let paidAgain = 0;
  for (const each of again) {
    const shop = each && campus.shops.find(({ till }) => till.cafe.id === each.till.cafe.id);
    const paid = each && shop && (await payOrder(each.student, shop, each.orderId, 0));
    if (!paid) throw new Error("An order that survived unpaid could not be paid after the failover.");
    bought.push(paid);
    paidAgain += 1;
  }
  return { bought, paidAgain };
}

async function present(acknowledged: readonly Acknowledged[]): Promise<{ status: string }[]> {
  const answers: { status: string }[] = [];
  for (const [student, held] of Map.groupBy(acknowledged, (each) => each.student))
    for (let from = 0; from < held.length; from += perCall) {
      const receipts = held.slice(from, from + perCall).map(({ receipt }) => receipt);
      const answer = await student.api<{ items: { status: string }[] }>("POST", "/receipts/present", { body: { receipts } });
      answers.push(...expectOk(answer).items);
    }
  return answers;
}

async function listCases({ accountants }: DrillCampus): Promise<Case[]> {
  const cases: Case[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < maxPages; page += 1) {
    const more: string = cursor === null ? "" : `&cursor=${cursor}`;
    const answer: { items: Case[]; next_cursor: string | null } = expectOk(
      await accountants[0].api<{ items: Case[]; next_cursor: string | null }>("GET", `/admin/failover/cases?limit=100${more}`),
    );
    cases.push(...answer.items);
    cursor = answer.next_cursor;
    if (cursor === null) return cases;
  }
  throw new Error(`There were more than ${maxPages} pages of cases.`);
}

/** The first of two agrees to all that can be posted, the second runs the command. Gives how many it says it has posted. */
async function postAgain({ accountants: [first, second], urls }: DrillCampus, cases: readonly Case[]): Promise<number> {
  const ids = cases.filter(({ proposal }) => proposal === "repost").map(({ id }) => id);
  for (let from = 0; from < ids.length; from += casesPerCall)
    expectOk(await first.api("POST", "/admin/failover/agree", { body: { case_ids: ids.slice(from, from + casesPerCall) } }));
  const { stdout } = await command("failover-repost.ts", urls[1], second);
  return Number(/^(\d+) debits posted again/m.exec(stdout)?.[1]);
}

/** Each student paid each meal once, however often it was paid for: no more and no less. */
async function wrongBalances(owner: Database, { students, fundedMinor }: DrillCampus, meals: readonly Meal[]): Promise<string[]> {
  const rows = await owner.rows<{ studentId: string; balanceMinor: number }>(sql`
    select student_id, balance_minor from wallets where student_id = any(${students.map(({ id }) => id)}::uuid[])`);
  const mealsOf = Map.groupBy(meals, ({ studentId }) => studentId);
  return rows.flatMap(({ studentId, balanceMinor }) => {
    const paid = new Map((mealsOf.get(studentId) ?? []).map(({ orderId, amountMinor }) => [orderId, amountMinor]));
    const expectedMinor = fundedMinor - [...paid.values()].reduce((sum, amount) => sum + amount, 0);
    return balanceMinor === expectedMinor ? [] : [`a wallet holds ${balanceMinor} and its receipts say ${expectedMinor}`];
  });
}
