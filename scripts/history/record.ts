import { randomUUID } from "node:crypto";
import { readCsv } from "../../app/people/csv.ts";
import type { ApiAnswer } from "../../app/testing/api-client.ts";
import type { MoneyStudent, ScanBody, ScannedCharge, Till } from "../../app/testing/money.ts";
import type { TestStaff } from "../../app/testing/people.ts";
import { commitStatement, confirmStatement } from "../../app/testing/proof/commit-cutter.ts";
import { type Random, randomOf } from "../../app/testing/proof/random.ts";
import type { RealCampus } from "../../app/testing/proof/real-campus.ts";

/** A line of the record; scripts/history/main.go reads it. Microseconds of one clock, this process's own. */
export interface Operation {
  readonly wallet: string;
  readonly client: number;
  readonly kind: "init" | "append" | "refused" | "read" | "report";
  readonly key: string;
  readonly amount: number;
  readonly call_us: number;
  /** 0: nobody heard what became of it. */
  readonly return_us: number;
  readonly balance?: number;
  readonly keys?: readonly string[];
}

/** As many as porcupine decides within a second, also where they cannot be true. */
export const operationsOfWallet = 170;
/** A statement is read whole, and a page holds a hundred lines. */
const mostAppends = 90;
const clientsOfWallet = 3;
const walletsAtOnce = 8;
const fundsMinor = 30_000;
const patienceMs = 30_000;
/** Looks at many wallets at once are kept under this name. */
const everybody = "*";
/** After so many operations finance asks for the list of all sales. */
const operationsOfReport = 250;

const nowUs = (): number => Math.round(performance.now() * 1_000);

interface Parts {
  readonly campus: RealCampus;
  readonly tills: readonly {
    readonly till: Till;
    readonly cashier: TestStaff;
    readonly dish: { readonly id: string; readonly priceMinor: number };
  }[];
  readonly accountants: readonly [TestStaff, TestStaff];
  readonly note: (operation: Operation) => void;
}

/** Clients that pay, top up, refund, sell and read on wallets of their own, while the wire is cut around commits and phones hang up. */
export async function record(
  campus: RealCampus,
  seed: number,
  wallets: number,
  note: (operation: Operation) => void,
  say: (done: number) => void,
): Promise<void> {
  const tills = await Promise.all(
    [4_100, 5_300].map(async (priceMinor) => {
      const till = await campus.till();
      return { till, cashier: await campus.staff("cashier", till.cafe), dish: await campus.dish(till.cafe, priceMinor) };
    }),
  );
  const accountants = [await campus.staff("finance"), await campus.staff("finance")] as const;
  campus.cutter.judge(cutSome(randomOf(seed)));
  const reports: Promise<void>[] = [];
  let noted = 0;
  const parts: Parts = {
    campus,
    tills,
    accountants,
    note(operation) {
      note(operation);
      noted += 1;
      if (noted % operationsOfReport === 0) reports.push(readReport(campus, accountants[0], note));
    },
  };
  let [next, done] = [0, 0];
  const work = async () => {
    for (let wallet = next++; wallet < wallets; wallet = next++) {
      await liveOf(parts, wallet, seed);
      done += 1;
      say(done);
    }
  };
  // To the end, also when one of them fails: the record is closed after the last of them.
  const workers = await Promise.allSettled(Array.from({ length: walletsAtOnce }, work));
  throwFirst(await Promise.allSettled(reports));
  campus.cutter.judge(undefined);
  throwFirst(workers);
}

/** All sales in one answer, with what was given back of each: one snapshot of all wallets, if it is as promised. */
async function readReport(campus: RealCampus, { token }: TestStaff, note: Parts["note"]): Promise<void> {
  for (const endsAtMs = performance.now() + patienceMs; ; ) {
    const callUs = nowUs();
    const answer = await campus.api("GET", "/admin/transactions?format=csv", { process: 1, token }).catch(() => undefined);
    if (answer?.status === 200) {
      const keys = keysOfReport(answer.text);
      return note({ wallet: everybody, client: 0, kind: "report", key: "", amount: 0, call_us: callUs, return_us: nowUs(), keys });
    }
    if (performance.now() > endsAtMs) throw new Error(`The list of sales was answered ${answer?.status}: ${answer?.text}`);
  }
}

function keysOfReport(csv: string): string[] {
  const [head, ...lines] = [...readCsv(csv, ",")].map(({ cells }) => cells);
  const [order, refunded] = ["order_id", "refunded_minor"].map((name) => head?.indexOf(name) ?? -1) as [number, number];
  return lines.flatMap((cells) => [`paid ${cells[order]}`, ...(cells[refunded] === "0" ? [] : [`refund ${cells[order]}`])]);
}

function throwFirst(settled: readonly PromiseSettledResult<void>[]): void {
  const failed = settled.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
}

/** Nobody in the product knows then what became of the payment: it looks it up on a new connection. */
const cutSome = (random: Random) => (statement: string) => {
  if (!confirmStatement.test(statement) && !commitStatement.test(statement)) return "pass";
  if (!random.chance(0.06)) return "pass";
  return random.chance(0.5) ? "cut before" : "cut after";
};

interface Wallet extends Parts {
  readonly name: string;
  readonly student: MoneyStudent;
  readonly random: Random;
  readonly used: { operations: number; appends: number; amounts: number };
  readonly paid: { readonly orderId: string; readonly cashier: TestStaff; readonly amountMinor: number }[];
}

async function liveOf(parts: Parts, number: number, seed: number): Promise<void> {
  const student = await parts.campus.fundedStudent({ balanceMinor: fundsMinor });
  const wallet: Wallet = {
    ...parts,
    name: `w${number}`,
    student,
    random: randomOf(seed * 10_000 + number),
    used: { operations: 1, appends: 0, amounts: 0 },
    paid: [],
  };
  const first = await statementOf(wallet, 0);
  const at = nowUs();
  parts.note({
    wallet: wallet.name,
    client: 0,
    kind: "init",
    key: "",
    amount: 0,
    call_us: at,
    return_us: at,
    balance: fundsMinor,
    keys: first.keys,
  });
  throwFirst(await Promise.allSettled(Array.from({ length: clientsOfWallet }, (_, client) => clientOf(wallet, client + 1))));
  // When everything was answered: what it does not show and nobody heard of, never happened or happened after all that is judged.
  await readStatement(wallet, 0);
}

async function clientOf(wallet: Wallet, client: number): Promise<void> {
  const { used, random } = wallet;
  while (used.operations < operationsOfWallet) {
    used.operations += 1;
    const roll = random.below(100);
    if (roll < 40 || used.appends >= mostAppends) await readStatement(wallet, client);
    else {
      used.appends += 1;
      if (roll < 75) await payAnOrder(wallet, client, roll < 50);
      else if (roll < 88 || wallet.paid.length === 0) await topUp(wallet, client);
      else await refund(wallet, client);
    }
  }
}

const side = ({ random }: Wallet): 0 | 1 => (random.chance(0.5) ? 0 : 1);

interface Line {
  readonly kind: string;
  readonly amount_minor: number;
  readonly order_id: string | null;
}

const keyOf = ({ kind, amount_minor, order_id }: Line): string =>
  kind === "debit" ? `paid ${order_id}` : kind === "refund" ? `refund ${order_id}` : `${kind} ${amount_minor}`;

/** What a client asks for money's sake it asks until it has an answer. */
async function statementOf({ campus, student }: Wallet, process: 0 | 1): Promise<{ readonly keys: string[]; readonly callUs: number }> {
  for (const endsAtMs = performance.now() + patienceMs; ; ) {
    const callUs = nowUs();
    const answer = await campus
      .api<{ items: Line[]; next_cursor: string | null }>("GET", "/wallet/statement?limit=100", { process, token: student.token })
      .catch(() => undefined);
    if (answer?.status === 200) {
      if (answer.body.next_cursor !== null)
        throw new Error("A statement has more than a page: fewer transactions for each wallet, please.");
      return { keys: answer.body.items.map(keyOf).reverse(), callUs };
    }
    if (performance.now() > endsAtMs) throw new Error(`A statement was answered ${answer?.status}: ${answer?.text}`);
  }
}

async function readStatement(wallet: Wallet, client: number): Promise<void> {
  const { keys, callUs } = await statementOf(wallet, side(wallet));
  wallet.note({ wallet: wallet.name, client, kind: "read", key: "", amount: 0, call_us: callUs, return_us: nowUs(), keys });
}

interface Append {
  readonly key: string;
  readonly amount: number;
  readonly send: (process: 0 | 1, signal: AbortSignal | undefined) => Promise<ApiAnswer<unknown> | undefined>;
  readonly balanceOf?: (body: unknown) => number | undefined;
}

const isOpen = (answer: ApiAnswer<unknown> | undefined): boolean =>
  answer === undefined || answer.status === 202 || answer.status >= 500 || answer.status === 429 || answer.headers.has("retry-after");

/** All tries under one key are one operation, from the first to the first definite answer. One client in twelve hangs up, hears nothing and never asks again. */
async function append(wallet: Wallet, client: number, { key, amount, send, balanceOf }: Append): Promise<boolean> {
  const about = { wallet: wallet.name, client, key, amount, call_us: nowUs() };
  const gone = wallet.random.chance(1 / 12);
  if (gone) {
    // Also where the answer was faster: how many are unknown must not depend on the machine.
    await send(side(wallet), AbortSignal.timeout(1 + wallet.random.below(25))).catch(() => undefined);
    wallet.note({ ...about, kind: "append", return_us: 0 });
    return false;
  }
  for (const endsAtMs = performance.now() + patienceMs; ; ) {
    const answer = await send(side(wallet), undefined).catch(() => undefined);
    if (!isOpen(answer)) return told(wallet, about, answer as ApiAnswer<unknown>, balanceOf);
    if (performance.now() > endsAtMs) throw new Error(`${key} had no definite answer: ${answer?.status} ${answer?.text}`);
  }
}

function told(
  wallet: Wallet,
  about: Omit<Operation, "kind" | "return_us">,
  answer: ApiAnswer<unknown>,
  balanceOf: Append["balanceOf"],
): boolean {
  const heard = { ...about, return_us: nowUs() };
  if (answer.status < 300 || isDoneBefore(answer)) {
    const balance = balanceOf?.(answer.body);
    wallet.note({ ...heard, kind: "append", ...(balance === undefined ? {} : { balance }) });
    return true;
  }
  if (answer.status !== 402) throw new Error(`${about.key} was answered ${answer.status}: ${answer.text}`);
  wallet.note({ ...heard, kind: "refused" });
  return false;
}

/** An approval has no key of its own: said again after an answer that was lost, it is told that it stands. */
const isDoneBefore = ({ status, text }: ApiAnswer<unknown>): boolean => status === 409 && text.includes('"status":"approved"');

/** Sends a request that may be given up in the middle; the test's own client knows no signal. */
const sending =
  (url: string, authorization: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  async (signal: AbortSignal | undefined): Promise<ApiAnswer<unknown>> => {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: authorization, ...headers },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, body: text === "" ? undefined : JSON.parse(text) };
  };

/** Asks until it is done; what is broken here is not what is judged. */
async function insist<Body>(ask: () => Promise<ApiAnswer<Body>>): Promise<Body> {
  for (const endsAtMs = performance.now() + patienceMs; ; ) {
    const answer = await ask().catch(() => undefined);
    if (answer && answer.status < 300 && answer.status !== 202) return answer.body;
    if (performance.now() > endsAtMs || (answer && !isOpen(answer))) throw new Error(`It was answered ${answer?.status}: ${answer?.text}`);
  }
}

async function payAnOrder(wallet: Wallet, client: number, atCounter: boolean): Promise<void> {
  const { campus, student, random } = wallet;
  const { till, cashier, dish } = random.pick(wallet.tills as [Parts["tills"][number], ...Parts["tills"][number][]]);
  const items = [{ menu_item_id: dish.id, quantity: 1 + random.below(2) }];
  const charge = atCounter ? await sellAtCounter(wallet, till, items) : await orderAndScan(wallet, till, items);
  if (!charge) return;
  const body = { digest: charge.digest, number_match: charge.match_code };
  const isPaid = await append(wallet, client, {
    key: `paid ${charge.order_id}`,
    amount: -charge.amount_minor,
    send: (process, signal) =>
      sending(`${campus.processes[process].url}/api/v1/charges/${charge.id}/confirm`, `Bearer ${student.token}`, body)(signal),
    balanceOf: (answer) => (answer as { balance_minor_after?: number }).balance_minor_after,
  });
  if (isPaid) wallet.paid.push({ orderId: charge.order_id, cashier, amountMinor: charge.amount_minor });
}

async function orderAndScan(wallet: Wallet, till: Till, items: readonly object[]): Promise<ScannedCharge> {
  const { campus, student } = wallet;
  const [key, scanId] = [randomUUID(), randomUUID()];
  const body = { cafe_id: till.cafe.id, items };
  const { order } = await insist(() =>
    campus.api<{ order: { id: string } }>("POST", "/orders", {
      process: side(wallet),
      token: student.token,
      body,
      headers: { "Idempotency-Key": key },
    }),
  );
  const scanned = await insist(() => student.scan(till, { scanId, orderId: order.id, process: side(wallet) }));
  return seenCharge(wallet, scanned.charge.id, scanned.match_code);
}

/** The cashier types it in and lays the student's card on the reader. */
async function sellAtCounter(wallet: Wallet, till: Till, items: readonly object[]): Promise<ScannedCharge | undefined> {
  const key = randomUUID();
  const body = { items, payment: "card", card_uid: wallet.student.cardUid };
  const sold = await insist(() =>
    till.device.api<{ scan?: ScanBody; charge?: { id: string }; match_code?: string }>("POST", "/pos/sales", {
      process: side(wallet),
      body,
      headers: { "Idempotency-Key": key },
    }),
  );
  const scan = sold.scan ?? (sold as unknown as ScanBody);
  return seenCharge(wallet, scan.charge.id, scan.match_code);
}

async function seenCharge(wallet: Wallet, chargeId: string, matchCode: string): Promise<ScannedCharge> {
  const { campus, student } = wallet;
  const charge = await insist(() =>
    campus.api<ScannedCharge>("GET", `/charges/${chargeId}`, { process: side(wallet), token: student.token }),
  );
  return { ...charge, match_code: matchCode };
}

/** One accountant asks, the other approves: the approval moves the money. No two of a wallet have the same amount, so it names them. */
async function topUp(wallet: Wallet, client: number): Promise<void> {
  const { campus, student, accountants } = wallet;
  const [asks, approves] = accountants;
  wallet.used.amounts += 1;
  const amount = 1_000 + wallet.used.amounts;
  const key = randomUUID();
  const body = { student_id: student.id, amount_minor: amount, currency: "SEK", reason: key };
  const { id } = await insist(() =>
    campus.api<{ id: string }>("POST", "/admin/adjustments", {
      process: side(wallet),
      token: asks.token,
      body,
      headers: { "Idempotency-Key": key },
    }),
  );
  await append(wallet, client, {
    key: `adjustment ${amount}`,
    amount,
    send: (process, signal) =>
      sending(`${campus.processes[process].url}/api/v1/admin/adjustments/${id}/approve`, `Bearer ${approves.token}`, {})(signal),
  });
}

async function refund(wallet: Wallet, client: number): Promise<void> {
  const { campus, paid, random } = wallet;
  const [given] = paid.splice(random.below(paid.length), 1);
  if (!given) return;
  const amount = Math.ceil(given.amountMinor / (1 + random.below(3)));
  const headers = { "Idempotency-Key": randomUUID() };
  await append(wallet, client, {
    key: `refund ${given.orderId}`,
    amount,
    send: (process, signal) =>
      sending(
        `${campus.processes[process].url}/api/v1/admin/orders/${given.orderId}/refund`,
        `Bearer ${given.cashier.token}`,
        { amount_minor: amount, reason: "for the record" },
        headers,
      )(signal),
  });
}
