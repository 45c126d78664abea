import type { Holder, StaffRole } from "../identity/access-token.ts";
import type { Identity } from "../identity/identity.ts";
import { CodedError } from "../platform/errors.ts";

const approvers: readonly StaffRole[] = ["owner", "cashier"];

/** Who stands at the terminal and answers for the money: its café's owner or a cashier, by an own session. */
export function approverOf(identity: Pick<Identity, "verifyAccessToken">, authorization: string, cafeId: string): string {
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw new CodedError("INVALID_TOKEN", 'X-Staff-Authorization must be "Bearer" and an access token.');
  const holder: Holder = identity.verifyAccessToken(token);
  if (holder.kind !== "staff" || !approvers.includes(holder.role) || holder.cafeId !== cafeId)
    throw new CodedError("INSUFFICIENT_ROLE", "Money is given back by an owner or a cashier of this café: log in at the terminal.");
  return holder.id;
}
