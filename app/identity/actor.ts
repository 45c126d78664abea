import { type AuditEntry, audit } from "../platform/audit.ts";
import type { Queryable } from "../platform/postgres.ts";

/** Who of the staff does something. */
export interface Actor {
  readonly staffId: string;
  readonly requestId: string;
}

/** The same, and in which café. */
export interface CafeActor extends Actor {
  readonly cafeId: string;
}

type Act = Pick<AuditEntry, "action" | "objectKind" | "objectId" | "details">;

export const auditActor = (tx: Queryable, actor: Actor & { readonly cafeId?: string | null }, act: Act): Promise<void> =>
  audit(tx, { actorKind: "staff", actorId: actor.staffId, cafeId: actor.cafeId ?? null, requestId: actor.requestId, ...act });
