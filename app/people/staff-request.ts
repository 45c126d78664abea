import type { StaffRole } from "../identity/access-token.ts";
import { auditActor } from "../identity/actor.ts";
import { noteOpening, refuseOneBehindTwo } from "../identity/four-eyes.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, sql, type Transaction } from "../platform/postgres.ts";
import { addStaff } from "./add-staff.ts";
import { changeStaff } from "./change-staff.ts";
import { resetPassword } from "./reset-password.ts";
import type { Manager, StaffMember } from "./staff-member.ts";

export const staffRequestKinds = ["add", "reset", "change"] as const;
export const staffRequestStatuses = ["pending", "approved", "rejected"] as const;

/** What would give somebody an account of the university: one person asks, another one does it. */
export interface StaffRequest {
  readonly id: string;
  readonly kind: (typeof staffRequestKinds)[number];
  readonly status: (typeof staffRequestStatuses)[number];
  readonly staffId: string | null;
  readonly username: string | null;
  readonly name: string | null;
  readonly role: "finance" | "admin" | null;
  readonly isActive: boolean | null;
  readonly requestedBy: string;
  readonly decidedBy: string | null;
  readonly createdAt: Date;
}

type Wanted =
  | { readonly kind: "add"; readonly username: string; readonly name: string; readonly role: StaffRole }
  | { readonly kind: "reset"; readonly staffId: string }
  | { readonly kind: "change"; readonly staffId: string; readonly role?: StaffRole | undefined; readonly isActive?: boolean | undefined };

const columns = part`id, kind, status, staff_id, username, name, role, is_active, requested_by, decided_by, created_at`;

export async function requestStaff(tx: Transaction, wanted: Wanted, manager: Manager): Promise<StaffRequest> {
  const { staffId, username, name, role, isActive } = { staffId: null, username: null, name: null, role: null, isActive: null, ...wanted };
  const made = await tx.row<StaffRequest>(sql`
    insert into staff_requests (kind, staff_id, username, name, role, is_active, requested_by)
    values (${wanted.kind}, ${staffId}, ${username}, ${name}, ${role ?? null}, ${isActive ?? null}, ${manager.staffId}) returning ${columns}`);
  if (!made) throw new Error("The request was not written.");
  await note(tx, made, "staff.requested", manager);
  return made;
}

interface Filter extends PageInput {
  readonly status: StaffRequest["status"] | undefined;
}

export async function listStaffRequests(db: Queryable, { status, limit, after }: Filter): Promise<Page<StaffRequest>> {
  const rows = await db.rows<StaffRequest>(sql`
    select ${columns} from staff_requests
    where (${status ?? null}::text is null or status = ${status ?? null}) and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
    order by id desc limit ${limit + 1}`);
  return pageOf(rows, limit);
}

export interface Done {
  readonly member: StaffMember;
  /** Of an account that was added or reset. */
  readonly hasOneTimePassword: boolean;
  readonly endedSessionIds: readonly string[];
}

/** The second person does it, and gets the one-time password. Neither of the two is a second person for that account for some days. */
export async function approveStaffRequest(
  platform: Pick<Platform, "config" | "secrets">,
  tx: Transaction,
  requestId: string,
  passwordHash: string,
  manager: Manager,
): Promise<Done> {
  const request = await lockPending(tx, requestId);
  if (request.requestedBy === manager.staffId) throw new CodedError("INSUFFICIENT_ROLE", "Somebody else must do what you asked for.");
  if (request.staffId === manager.staffId) throw new CodedError("INSUFFICIENT_ROLE", "Nobody decides over the own account.");
  await refuseOneBehindTwo(tx, platform.config, request.requestedBy, manager.staffId);
  const done = await carryOut(platform, tx, request, passwordHash, manager);
  await noteOpening(tx, done.member.id, { requestedBy: request.requestedBy, readBy: manager.staffId });
  await decide(tx, request, "approved", manager);
  return done;
}

async function carryOut(
  platform: Pick<Platform, "config" | "secrets">,
  tx: Transaction,
  { kind, staffId, username, name, role, isActive }: StaffRequest,
  passwordHash: string,
  manager: Manager,
): Promise<Done> {
  if (kind === "add" && username !== null && name !== null && role !== null) {
    const input = { username, name, role, cafeId: null, passwordHash, passwordHours: platform.config.ONE_TIME_PASSWORD_HOURS };
    return { member: await addStaff(tx, input, manager), hasOneTimePassword: true, endedSessionIds: [] };
  }
  if (staffId === null) throw new Error("The request names nobody.");
  if (kind === "reset") return { ...(await resetPassword(platform, tx, staffId, passwordHash, manager)), hasOneTimePassword: true };
  const change = { role: role ?? undefined, isActive: isActive ?? undefined };
  return { ...(await changeStaff(tx, staffId, change, manager)), hasOneTimePassword: false };
}

/** Either of the two may say no: whoever asked takes it back. */
export async function rejectStaffRequest(tx: Transaction, requestId: string, manager: Manager): Promise<StaffRequest> {
  const request = await lockPending(tx, requestId);
  return decide(tx, request, "rejected", manager);
}

async function lockPending(tx: Transaction, id: string): Promise<StaffRequest> {
  const request = await tx.row<StaffRequest>(sql`select ${columns} from staff_requests where id = ${id} for update`);
  if (!request) throw notFound("The request");
  if (request.status !== "pending")
    throw new CodedError("INVALID_TRANSITION", `The request is ${request.status} already.`, { details: { status: request.status } });
  return request;
}

async function decide(tx: Transaction, { id }: StaffRequest, status: "approved" | "rejected", manager: Manager): Promise<StaffRequest> {
  const decided = await tx.row<StaffRequest>(sql`
    update staff_requests set status = ${status}, decided_by = ${manager.staffId}, decided_at = now() where id = ${id} returning ${columns}`);
  if (!decided) throw new Error("The request changed under its own lock.");
  await note(tx, decided, `staff.request_${status}`, manager);
  return decided;
}

const note = (tx: Transaction, { id, kind, role }: StaffRequest, action: string, manager: Manager): Promise<void> =>
  auditActor(tx, manager, { action, objectKind: "staff_request", objectId: id, details: { kind, role } });
