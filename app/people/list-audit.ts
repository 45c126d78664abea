import { allOf } from "../platform/all-of.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, type Statement, sql } from "../platform/postgres.ts";
import { uuidFloor } from "../platform/uuid-floor.ts";

export interface AuditLine {
  readonly id: string;
  readonly at: Date;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly action: string;
  readonly objectKind: string;
  readonly objectId: string | null;
  readonly objectName: string | null;
  readonly cafeId: string | null;
  readonly cafeName: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
}

interface Wanted extends PageInput {
  readonly actorId?: string | undefined;
  /** `card.issued`, or `card` for all that is done to one. */
  readonly action?: string | undefined;
  readonly objectKind?: string | undefined;
  readonly objectId?: string | undefined;
  readonly cafeId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

// A line's id is made when it is written, its time is the beginning of the transaction: never further apart than this.
const longestTransactionMs = 60_000;

const objectName = part`case a.object_kind
  when 'student' then (select o.name from students o where o.id = a.object_id)
  when 'staff' then (select o.name from staff o where o.id = a.object_id)
  when 'cafe' then (select o.name from cafes o where o.id = a.object_id)
  when 'card' then (select o.name from students o join cards c on c.student_id = o.id where c.id = a.object_id) end`;

/** The trail, newest first. Staff, students, cards and cafés are named as the name is now; all else stays an id. */
export async function listAudit(db: Queryable, wanted: Wanted): Promise<Page<AuditLine>> {
  const rows = await db.rows<AuditLine>(sql`
    select a.id, a.at, a.actor_kind, a.actor_id, coalesce(s.name, p.name) as actor_name, a.action, a.object_kind, a.object_id,
      ${objectName} as object_name, a.cafe_id, f.name as cafe_name, a.details, a.request_id
    from audit_log a left join staff s on a.actor_kind = 'staff' and s.id = a.actor_id
      left join students p on a.actor_kind = 'student' and p.id = a.actor_id left join cafes f on f.id = a.cafe_id
    where ${allOf(conditions(wanted))}
    order by a.id desc limit ${wanted.limit + 1}`);
  return pageOf(rows, wanted.limit);
}

/** Only what was asked for stands in the statement, so that each question gets a plan of its own and finds its index. */
function conditions({ actorId, action, objectKind, objectId, cafeId, from, to, after }: Wanted): Statement[] {
  return [
    ...(after === undefined ? [] : [part`a.id < ${after}`]),
    ...(actorId === undefined ? [] : [part`a.actor_id = ${actorId}`]),
    ...(action === undefined ? [] : [action.includes(".") ? part`a.action = ${action}` : part`starts_with(a.action, ${`${action}.`})`]),
    ...(objectKind === undefined ? [] : [part`a.object_kind = ${objectKind}`]),
    ...(objectId === undefined ? [] : [part`a.object_id = ${objectId}`]),
    ...(cafeId === undefined ? [] : [part`a.cafe_id = ${cafeId}`]),
    ...(from === undefined ? [] : [part`a.at >= ${from} and a.id >= ${uuidFloor(from)}`]),
    ...(to === undefined ? [] : [part`a.at < ${to} and a.id < ${uuidFloor(new Date(to.getTime() + longestTransactionMs))}`]),
  ];
}
