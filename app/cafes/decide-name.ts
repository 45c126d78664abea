import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import type { Cafe } from "./cafe.ts";
import { lockCafe } from "./change-cafe.ts";
import { readCafe } from "./read-cafe.ts";
import { nameTaken } from "./register-cafe.ts";

interface Decision extends CafeActor {
  /** The name that was looked at: the café may want another one by now. */
  readonly name: string;
  readonly agrees: boolean;
}

/** The university's word on another name that a café wants. */
export async function decideName(tx: Transaction, decision: Decision): Promise<Cafe> {
  const { cafeId, name, agrees } = decision;
  await lockCafe(tx, cafeId);
  const before = await readCafe(tx, cafeId);
  if (before.wantedName !== name)
    throw new CodedError("CONFLICT", "The café wants another name by now, or none: look again.", {
      details: { wanted_name: before.wantedName },
    });
  try {
    await tx.run(sql`update cafes set name = ${agrees ? name : before.name}, wanted_name = null, updated_at = now() where id = ${cafeId}`);
  } catch (error) {
    if (violatedConstraint(error) === "cafes_registered_name") throw nameTaken();
    throw error;
  }
  await auditActor(tx, decision, {
    action: agrees ? "cafe.renamed" : "cafe.name_rejected",
    objectKind: "cafe",
    objectId: cafeId,
    details: { before: before.name, wanted: name },
  });
  return readCafe(tx, cafeId);
}
