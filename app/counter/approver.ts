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

/** Whoever is named at the terminal for a shift stands there: by an own session, since the terminal alone could name anybody. */
export function refuseUnlessPresent(
  identity: Pick<Identity, "verifyAccessToken">,
  authorization: string | undefined,
  cafeId: string,
  staffId: string,
): void {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined)
    throw new CodedError("INVALID_TOKEN", "staff_id needs X-Staff-Authorization: the access token of that member of staff.");
  const holder: Holder = identity.verifyAccessToken(token);
  if (holder.kind !== "staff" || holder.cafeId !== cafeId || holder.id !== staffId.toLowerCase())
    throw new CodedError("INSUFFICIENT_ROLE", "A shift is opened and closed in the own name: log in at the terminal.");
}
