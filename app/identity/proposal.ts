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
  readonly status: ProposalStatus;
  readonly requestedBy: string;
}

/** One kind of them: the rows of a table with `status`, `requested_by`, `decided_by` and `decided_at`. */
export interface ProposalTable<Row extends Proposal> {
  /** "The adjustment", as people are told of it. */
  readonly called: string;
  readonly columns: Statement;
  readonly table: Statement;
  /** Of its lines in the audit trail: `adjustment.rejected` of an `adjustment`. */
  readonly objectKind: string;
  readonly rejected: string;
  /** Only for the type. */
  readonly row?: Row;
}

export async function readProposal<Row extends Proposal>(
  db: Queryable,
  { columns, table, called }: ProposalTable<Row>,
  id: string,
): Promise<Row> {
  const found = await db.row<Row>(sql`select ${columns} from ${table} where id = ${id}`);
  if (!found) throw notFound(called);
  return found;
}

export interface WantedProposals extends PageInput {
  readonly status: ProposalStatus | undefined;
  /** Which of them; all unless told. */
  readonly within?: Statement;
}

/** Newest first. */
export async function listProposals<Row extends Proposal>(
  db: Queryable,
  { columns, table }: ProposalTable<Row>,
  { status, limit, after, within = part`true` }: WantedProposals,
): Promise<Page<Row>> {
  const rows = await db.rows<Row>(sql`
    select ${columns} from ${table}
    where (${status ?? null}::text is null or status = ${status ?? null}) and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid) and ${within}
    order by id desc limit ${limit + 1}`);
  return pageOf(rows, limit);
}

/** Of what somebody asked for, nobody is the second person who asked, or whose account the first one opened of late. */
export async function refuseAsSecond(
  tx: Transaction,
  config: Pick<Config, "FOUR_EYES_DAYS">,
  { requestedBy }: Pick<Proposal, "requestedBy">,
  { staffId }: Actor,
): Promise<void> {
  if (requestedBy === staffId) throw new CodedError("INSUFFICIENT_ROLE", "Somebody else must approve what you asked for.");
  await refuseOneBehindTwo(tx, config, requestedBy, staffId);
}

export const decidedAlready = ({ called }: Pick<ProposalTable<Proposal>, "called">, status: string) =>
  new CodedError("INVALID_TRANSITION", `${called} is ${status} already.`, { details: { status } });

/** Locked until the end of the transaction: of two who decide at once the second finds it decided. */
export async function lockPending<Row extends Proposal>(tx: Transaction, kind: ProposalTable<Row>, id: string): Promise<Row> {
  await tx.run(sql`select 1 from ${kind.table} where id = ${id} for update`);
  const found = await readProposal(tx, kind, id);
  if (found.status !== "pending") throw decidedAlready(kind, found.status);
  return found;
}

/** Either of the two may say no: whoever asked takes it back. */
export async function rejectProposal<Row extends Proposal>(
  tx: Transaction,
  kind: ProposalTable<Row>,
  id: string,
  actor: Actor,
): Promise<Row> {
  const rejected = await tx.run(sql`
    update ${kind.table} set status = 'rejected', decided_by = ${actor.staffId}, decided_at = now() where id = ${id} and status = 'pending'`);
  const row = await readProposal(tx, kind, id);
  if (rejected === 0) throw decidedAlready(kind, row.status);
  await auditActor(tx, actor, { action: kind.rejected, objectKind: kind.objectKind, objectId: id, details: {} });
  return row;
}
