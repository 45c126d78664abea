import { type Database, sql } from "../../platform/postgres.ts";

export type Verb =
  | "confirm"
  | "scan"
  | "order"
  | "cancel"
  | "refund"
  | "adjustment"
  | "decline"
  | "proposal"
  | "approval"
  | "bulk_credit"
  | "file_approval"
  | "top_up"
  | "write_off"
  | "other";

/** One request of one client, and what it heard. */
export interface Heard {
  readonly verb: Verb;
  /** What makes it the same request when it is sent again: the charge's id, the scan's id, the Idempotency-Key. */
  readonly key: string;
  /** What was sent: another text under the same key is another request. */
  readonly sent: string;
  readonly sentAtMs: number;
  readonly heardAtMs: number;
  /** Undefined where the connection broke: nothing was heard. */
  readonly status: number | undefined;
  readonly code: string | undefined;
  /** It came with Retry-After: nothing is decided, ask again. */
  readonly isRetryAsked: boolean;
  readonly text: string;
}

export interface ClientLog {
  readonly entries: readonly Heard[];
  record(entry: Heard): void;
}

export function createClientLog(): ClientLog {
  const entries: Heard[] = [];
  return { entries, record: (entry) => void entries.push(entry) };
}

/** One way in which what the clients heard and what the books say do not fit. */
export interface Contradiction {
  readonly invariant: "I7" | "I9" | "I16";
  readonly verb: Verb;
  readonly key: string;
  readonly problem: string;
}

interface Effect {
  readonly key: string;
  readonly count: number;
  /** For a confirm: what of the receipt stands in the books. */
  readonly receipt: string | null;
}

/** Checks what only the clients' log can tell: I7 (one effect for each key) and I9 (what was heard is what happened). */
export async function contradictions(owner: Database, { entries }: ClientLog): Promise<Contradiction[]> {
  const byInput = Map.groupBy(entries, ({ verb }) => verb);
  const found: Contradiction[] = [];
  for (const [verb, heard] of byInput) {
    const count = effectsOf[verb];
    if (!count) continue;
    const byKey = Map.groupBy(heard, ({ key }) => key);
    const effects = new Map((await count(owner, [...byKey.keys()])).map((effect) => [effect.key, effect]));
    for (const [key, answers] of byKey) {
      const effect = effects.get(key) ?? { key, count: 0, receipt: null };
      for (const problem of repeated(verb, answers, effect)) found.push({ invariant: "I7", verb, key, problem });
      for (const problem of believed(verb, answers, effect)) found.push({ invariant: "I9", verb, key, problem });
    }
  }
  return [...found, ...(await paidThoughOver(owner, entries)), ...(await otherDigests(owner, entries))];
}

const payloadOf = (jws = ""): string => Buffer.from(jws.split(".")[1] ?? "", "base64url").toString();

/** How often what each key asked for was done, as the books say it. The clients write the key where the books keep a text of theirs. */
const effectsOf: Readonly<Partial<Record<Verb, (owner: Database, keys: readonly string[]) => Promise<Effect[]>>>> = {
  confirm: (owner, keys) =>
    owner.rows<Effect>(sql`
      select t.charge_id as key, count(*) as count, max(r.payload) as receipt
      from ledger_transactions t left join receipts r on r.charge_id = t.charge_id
      where t.kind = 'debit' and t.charge_id = any(${keys}::uuid[]) group by t.charge_id`),
  scan: (owner, keys) =>
    owner.rows<Effect>(
      sql`select scan_id as key, count(distinct charge_id) as count, null as receipt from scans where scan_id = any(${keys}::uuid[]) group by scan_id`,
    ),
  order: (owner, keys) =>
    owner.rows<Effect>(sql`
      select special_instructions as key, count(*) as count, null as receipt from orders where special_instructions = any(${keys}) group by 1`),
  refund: (owner, keys) =>
    owner.rows<Effect>(sql`
      select r.reason as key, count(t.id) as count, null as receipt from refunds r join ledger_transactions t on t.id = r.transaction_id
      where r.reason = any(${keys}) group by 1`),
  adjustment: (owner, keys) =>
    owner.rows<Effect>(
      sql`select reason as key, count(*) as count, null as receipt from adjustments where reason = any(${keys}) group by 1`,
    ),
  proposal: (owner, keys) =>
    owner.rows<Effect>(
      sql`select reason as key, count(*) as count, null as receipt from refund_proposals where reason = any(${keys}) group by 1`,
    ),
  approval: (owner, keys) =>
    owner.rows<Effect>(sql`
      select p.id::text as key, count(t.id) as count, null as receipt from refund_proposals p join ledger_transactions t on t.id = p.transaction_id
      where p.id = any(${keys}::uuid[]) group by 1`),
  bulk_credit: (owner, keys) =>
    owner.rows<Effect>(
      sql`select title as key, count(*) as count, null as receipt from bulk_credits where title = any(${keys}) group by 1`,
    ),
  file_approval: (owner, keys) =>
    owner.rows<Effect>(sql`
      select id::text as key, count(*) as count, null as receipt from bulk_credits where id = any(${keys}::uuid[]) and status in ('approved', 'done') group by 1`),
  top_up: (owner, keys) =>
    owner.rows<Effect>(sql`
      select g.gateway_order_id as key, count(t.id) as count, null as receipt from gateway_orders g join gateway_payments p on p.order_row_id = g.id
        join ledger_transactions t on t.id = p.transaction_id where g.gateway_order_id = any(${keys}) group by 1`),
  write_off: (owner, keys) =>
    owner.rows<Effect>(sql`
      select id::text as key, count(*) as count, null as receipt from debt_write_offs where id = any(${keys}::uuid[]) and status = 'approved' group by 1`),
};

const isDone = ({ status }: Heard): boolean => status !== undefined && status < 300 && status !== 202;
/** The client knows nothing: the connection broke, or it was told to ask again. */
export const isOpen = ({ status, isRetryAsked }: Heard): boolean => status === undefined || status === 202 || isRetryAsked;

function* repeated(verb: Verb, answers: readonly Heard[], effect: Effect): Generator<string> {
  if (effect.count > 1) yield `done ${effect.count} times`;
  const done = answers.filter(isDone);
  if (new Set(done.map((answer) => sameness(verb, answer))).size > 1) yield "answered with different bytes";
  // No header, no 422: the thing itself is the key.
  if (verb === "confirm" || verb === "scan") return;
  const first = done[0];
  if (!first) return;
  const others = answers.filter(({ sent, sentAtMs }) => sent !== first.sent && sentAtMs > first.heardAtMs);
  for (const other of others) if (!isOpen(other) && other.status !== 422) yield `another body was answered ${other.status}`;
}

/** A scan's answer has the seconds that are left in it; what may not differ is the charge. */
const sameness = (verb: Verb, { text }: Heard): string =>
  verb === "scan" ? (JSON.parse(text) as { charge: { id: string } }).charge.id : text;

function* believed(verb: Verb, answers: readonly Heard[], effect: Effect): Generator<string> {
  const done = answers.filter(isDone);
  if (done.length > 0 && effect.count === 0) yield "acknowledged, and not in the books";
  if (verb === "confirm") {
    for (const { text } of done)
      if (payloadOf((JSON.parse(text) as { receipt?: string }).receipt) !== effect.receipt) yield "the acknowledged receipt is another one";
  }
  if (effect.count === 0 || done.length > 0) return;
  if (!answers.some(isOpen)) yield `refused (${answers.map(({ status, code }) => `${status} ${code}`).join(", ")}), and in the books`;
}

/** Refusals after which a charge can never be paid. */
const finalCodes = new Set(["CHARGE_EXPIRED", "CHARGE_SUPERSEDED", "ORDER_CANCELLED"]);

/** A charge that was said to be over is not paid, neither before nor after. */
async function paidThoughOver(owner: Database, entries: readonly Heard[]): Promise<Contradiction[]> {
  const over = new Set(
    entries
      .filter(
        ({ verb, code, text }) =>
          verb === "confirm" && (finalCodes.has(code ?? "") || (code === "CHARGE_CLOSED" && !text.includes('"confirmed"'))),
      )
      .map(({ key }) => key),
  );
  const paid = await effectsOf.confirm?.(owner, [...over]);
  return (paid ?? []).map(({ key }) => ({ invariant: "I9", verb: "confirm", key, problem: "said to be over, and in the books" }));
}

/** I16 from the client's side: what was paid is what the student said yes to. */
async function otherDigests(owner: Database, entries: readonly Heard[]): Promise<Contradiction[]> {
  const agreed = entries.filter((heard) => heard.verb === "confirm" && isDone(heard));
  const charges = await owner.rows<{ id: string; digest: string }>(
    sql`select id, digest from charges where id = any(${agreed.map(({ key }) => key)}::uuid[])`,
  );
  const digests = new Map(charges.map(({ id, digest }) => [id, digest]));
  return agreed
    .filter(({ key, sent }) => digests.get(key) !== sent)
    .map(({ key }) => ({ invariant: "I16", verb: "confirm", key, problem: "paid under another digest than the student's" }));
}
