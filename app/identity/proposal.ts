import type { Config } from "../platform/config.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, type Statement, sql, type Transaction } from "../platform/postgres.ts";
import { type Actor, auditActor } from "./actor.ts";
import { refuseOneBehindTwo } from "./four-eyes.ts";

export const proposalStatuses = ["pending", "approved", "rejected"] as const;
export type ProposalStatus = (typeof proposalStatuses)[number];

/** What one person asks for and another one decides. */
export interface Proposal {
  readonly id: string;
  /** A ProposalStatus; some have more, before they wait and after they are approved. */
  readonly status: string;
  readonly requestedBy: string;
  /** Where it concerns one café: in its audit trail it stands too. */
  readonly cafeId?: string;
}

/** One kind of them: the rows of a table with `status`, `requested_by`, `decided_by` and `decided_at`. */
export interface ProposalTable<Row extends Proposal> {
  /** "The adjustment", as people are told of it. */
  readonly called: string;
  readonly columns: Statement;
  readonly table: Statement;
  /** Where the columns are read from, if not from the table alone. */
  readonly from?: Statement;
  /** Of its lines in the audit trail: `adjustment.rejected` of an `adjustment`. */
  readonly objectKind: string;
  readonly actions: Readonly<Record<ProposalStatus, string>>;
  readonly detailsOf: (row: Row) => Readonly<Record<string, unknown>>;
}

export async function readProposal<Row extends Proposal>(
  db: Queryable,
  { columns, table, from = table, called }: ProposalTable<Row>,
  id: string,
): Promise<Row> {
  const found = await db.row<Row>(sql`select ${columns} from ${from} where id = ${id}`);
  if (!found) throw notFound(called);
  return found;
}

export interface WantedProposals<Row extends Proposal> extends PageInput {
  readonly status: Row["status"] | undefined;
  /** Which of them; all unless told. */
  readonly within?: Statement;
}

/** Newest first. */
export async function listProposals<Row extends Proposal>(
  db: Queryable,
  { columns, table, from = table }: ProposalTable<Row>,
  { status, limit, after, within = part`true` }: WantedProposals<Row>,
): Promise<Page<Row>> {
  const rows = await db.rows<Row>(sql`
    select ${columns} from ${from}
    where (${status ?? null}::text is null or status = ${status ?? null}) and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid) and ${within}
    order by id desc limit ${limit + 1}`);
  return pageOf(rows, limit);
}

/** Of what somebody asked for, nobody is the second person who asked, or whose account the first one opened of late. */
async function refuseAsSecond(
  tx: Transaction,
  config: Pick<Config, "FOUR_EYES_DAYS">,
  { requestedBy }: Pick<Proposal, "requestedBy">,
  { staffId }: Actor,
): Promise<void> {
  if (requestedBy === staffId) throw new CodedError("INSUFFICIENT_ROLE", "Somebody else must approve what you asked for.");
  await refuseOneBehindTwo(tx, config, requestedBy, staffId);
}

export const decidedAlready = ({ called }: { readonly called: string }, status: string) =>
  new CodedError("INVALID_TRANSITION", `${called} is ${status} already.`, { details: { status } });

/** Locked until the end of the transaction: of two who decide at once the second finds it decided. */
async function lockPending<Row extends Proposal>(tx: Transaction, kind: ProposalTable<Row>, id: string): Promise<Row> {
  await tx.run(sql`select 1 from ${kind.table} where id = ${id} for update`);
  const found = await readProposal(tx, kind, id);
  if (found.status !== "pending") throw decidedAlready(kind, found.status);
  return found;
}

/** For the second of the two, who is about to approve it. */
export async function lockForSecond<Row extends Proposal>(
  tx: Transaction,
  config: Pick<Config, "FOUR_EYES_DAYS">,
  kind: ProposalTable<Row>,
  id: string,
  actor: Actor,
): Promise<Row> {
  const found = await lockPending(tx, kind, id);
  await refuseAsSecond(tx, config, found, actor);
  return found;
}

/** To be called with `lockForSecond` held; `also` is set besides: part`, transaction_id = ${id}`. */
export const approveProposal = <Row extends Proposal>(tx: Transaction, kind: ProposalTable<Row>, id: string, actor: Actor, also = part``) =>
  decide(tx, kind, id, actor, "approved", also);

/** Either of the two may say no: whoever asked takes it back. */
export const rejectProposal = <Row extends Proposal>(tx: Transaction, kind: ProposalTable<Row>, id: string, actor: Actor, also = part``) =>
  decide(tx, kind, id, actor, "rejected", also);

async function decide<Row extends Proposal>(
  tx: Transaction,
  kind: ProposalTable<Row>,
  id: string,
  { staffId, requestId }: Actor,
  status: "approved" | "rejected",
  also: Statement,
): Promise<Row> {
  const decided = await tx.run(sql`
    update ${kind.table} set status = ${status}, decided_by = ${staffId}, decided_at = now()${also} where id = ${id} and status = 'pending'`);
  const row = await readProposal(tx, kind, id);
  if (decided === 0) throw decidedAlready(kind, row.status);
  await noteProposal(tx, kind, row, status, { staffId, requestId });
  return row;
}

/** Writes into the audit trail that it was asked for (pending) or decided. */
export const noteProposal = <Row extends Proposal>(
  tx: Transaction,
  { actions, objectKind, detailsOf }: ProposalTable<Row>,
  row: Row,
  status: ProposalStatus,
  { staffId, requestId }: Actor,
): Promise<void> =>
  auditActor(
    tx,
    { staffId, requestId, ...(row.cafeId !== undefined && { cafeId: row.cafeId }) },
    { action: actions[status], objectKind, objectId: row.id, details: detailsOf(row) },
  );
