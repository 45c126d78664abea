import type { StaffRole } from "../identity/access-token.ts";
import { noteOpening } from "../identity/four-eyes.ts";
import {
  approveProposal,
  lockForSecond,
  noteProposal,
  type Proposal,
  type ProposalStatus,
  type ProposalTable,
} from "../identity/proposal.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { part, sql, type Transaction } from "../platform/postgres.ts";
import { addStaff } from "./add-staff.ts";
import { changeStaff } from "./change-staff.ts";
import { resetPassword } from "./reset-password.ts";
import type { Manager, StaffMember } from "./staff-member.ts";

export const staffRequestKinds = ["add", "reset", "change"] as const;

/** What would give somebody an account of the university: one person asks, another one does it. */
export interface StaffRequest extends Proposal {
  readonly kind: (typeof staffRequestKinds)[number];
  readonly status: ProposalStatus;
  readonly staffId: string | null;
  readonly username: string | null;
  readonly name: string | null;
  readonly role: "finance" | "admin" | null;
  readonly isActive: boolean | null;
  readonly requestedByName: string;
  /** Whose account it is, where there is one already. */
  readonly staffName: string | null;
  readonly decidedBy: string | null;
  readonly createdAt: Date;
}

type Wanted =
  | { readonly kind: "add"; readonly username: string; readonly name: string; readonly role: StaffRole }
  | { readonly kind: "reset"; readonly staffId: string }
  | { readonly kind: "change"; readonly staffId: string; readonly role?: StaffRole | undefined; readonly isActive?: boolean | undefined };

export const staffRequests: ProposalTable<StaffRequest> = {
  called: "The request",
  table: part`staff_requests`,
  columns: part`id, kind, status, staff_id, username, name, role, is_active, requested_by, decided_by, created_at,
    (select s.name from staff s where s.id = staff_requests.requested_by) as requested_by_name,
    (select s.name from staff s where s.id = staff_requests.staff_id) as staff_name`,
  objectKind: "staff_request",
  actions: { pending: "staff.requested", approved: "staff.request_approved", rejected: "staff.request_rejected" },
  detailsOf: ({ kind, role }) => ({ kind, role }),
};

export async function requestStaff(tx: Transaction, wanted: Wanted, manager: Manager): Promise<StaffRequest> {
  const { staffId, username, name, role, isActive } = { staffId: null, username: null, name: null, role: null, isActive: null, ...wanted };
  const made = await tx.row<StaffRequest>(sql`
    insert into staff_requests (kind, staff_id, username, name, role, is_active, requested_by)
    values (${wanted.kind}, ${staffId}, ${username}, ${name}, ${role ?? null}, ${isActive ?? null}, ${manager.staffId}) returning ${staffRequests.columns}`);
  if (!made) throw new Error("The request was not written.");
  await noteProposal(tx, staffRequests, made, "pending", manager);
  return made;
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
  const request = await lockForSecond(tx, platform.config, staffRequests, requestId, manager);
  if (request.staffId === manager.staffId) throw new CodedError("INSUFFICIENT_ROLE", "Nobody decides over the own account.");
  const done = await carryOut(platform, tx, request, passwordHash, manager);
  await noteOpening(tx, done.member.id, { requestedBy: request.requestedBy, readBy: manager.staffId });
  await approveProposal(tx, staffRequests, requestId, manager);
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
