import { randomBytes } from "node:crypto";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { auditActor, type CafeActor } from "./actor.ts";
import { hashDeviceKey } from "./known-devices.ts";

export interface EnrolledDevice {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly cafeId: string;
  readonly createdAt: Date;
}

interface Input extends CafeActor {
  readonly name: string;
}

export const newDeviceKey = (): string => randomBytes(32).toString("base64url");

/** Enrols a POS device. Its key is known to the caller alone from here on: only a hash is kept. */
export async function enrolDevice({ config, db }: Platform, input: Input): Promise<EnrolledDevice> {
  const { cafeId, name } = input;
  const key = newDeviceKey();
  const device = await db.transaction(async (tx) => {
    await refuseTooMany(tx, cafeId, config.DEVICES_PER_CAFE);
    const added = await tx.row<Omit<EnrolledDevice, "key">>(sql`
      insert into devices (cafe_id, name, key_hash) select id, ${name}, ${hashDeviceKey(key)} from cafes where id = ${cafeId}
      returning id, name, cafe_id, created_at`);
    if (!added) throw notFound("The café");
    await auditActor(tx, input, { action: "device.enrolled", objectKind: "device", objectId: added.id });
    return added;
  });
  return { ...device, key };
}

/** Each may hold streams open and scan cards. One café's enrolments follow one another, so that many at once are no more. */
async function refuseTooMany(tx: Transaction, cafeId: string, max: number): Promise<void> {
  await tx.run(sql`select id from cafes where id = ${cafeId} for no key update`);
  const used = await tx.row<{ count: number }>(
    sql`select count(*)::int as count from devices where cafe_id = ${cafeId} and revoked_at is null`,
  );
  if (used && used.count >= max)
    throw new CodedError("CONFLICT", `There are ${max} devices already: revoke one that is not used any more.`, { details: { max } });
}
