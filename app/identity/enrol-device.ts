import { randomBytes } from "node:crypto";
import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
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
export async function enrolDevice({ db }: Platform, input: Input): Promise<EnrolledDevice> {
  const { cafeId, name } = input;
  const key = newDeviceKey();
  const device = await db.transaction(async (tx) => {
    const added = await tx.row<Omit<EnrolledDevice, "key">>(sql`
      insert into devices (cafe_id, name, key_hash) select id, ${name}, ${hashDeviceKey(key)} from cafes where id = ${cafeId}
      returning id, name, cafe_id, created_at`);
    if (!added) throw notFound("The café");
    await auditActor(tx, input, { action: "device.enrolled", objectKind: "device", objectId: added.id });
    return added;
  });
  return { ...device, key };
}
