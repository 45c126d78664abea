import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";
import { type Charge, readStudentCharge } from "./charge.ts";
import { endedRefusal } from "./confirm-charge.ts";

/** A charge's life once more, from now on. Asked a second time it answers with the charge as it stands. */
export async function giveMoreTime({ db, config }: Platform, chargeId: string, studentId: string): Promise<Charge> {
  await db.row(sql`select give_more_time(${chargeId}, ${studentId}, ${config.CHARGE_SECONDS}) as given`);
  const charge = await readStudentCharge(db, chargeId, studentId);
  if (charge.state !== "open") throw endedRefusal(charge.state);
  return charge;
}
