import { tellStudent } from "../notifications/notices/tell-student.ts";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";

interface Input {
  readonly studentId: string;
  readonly keyId: string;
  readonly requestId: string;
}

/** A removed key signs nothing any more. Signatures stay necessary, also when it was the last one: the student is told, since a thief would do it unseen. */
export async function removeConfirmKey({ db }: Platform, { studentId, keyId, requestId }: Input): Promise<void> {
  await db.transaction(async (tx) => {
    const removed = await tx.run(
      sql`update confirm_keys set revoked_at = now() where id = ${keyId} and student_id = ${studentId} and revoked_at is null`,
    );
    if (removed === 0) throw notFound("The key");
    await audit(tx, {
      actorKind: "student",
      actorId: studentId,
      action: "confirm_key.removed",
      objectKind: "confirm_key",
      objectId: keyId,
      requestId,
    });
    await tellStudent(tx, studentId, "confirm_key_removed");
  });
}
