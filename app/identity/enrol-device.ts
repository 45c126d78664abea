import { randomBytes } from "node:crypto";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import { hashDeviceKey } from "./known-devices.ts";

export interface EnrolledDevice {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly cafeId: string;
  readonly createdAt: Date;
}

interface Wish {
  readonly cafeId: string;
  readonly name: string;
  readonly staffId: string;
  readonly requestId: string;
}

export const newDeviceKey = (): string => randomBytes(32).toString("base64url");

/** Enrols a POS device. Its key is known to the caller alone from here on: only a hash is kept. */
export async function enrolDevice({ db }: Platform, { cafeId, name, staffId, requestId }: Wish): Promise<EnrolledDevice> {
  const key = newDeviceKey();
  const device = await db.transaction(async (tx) => {
    const added = await tx.row<Omit<EnrolledDevice, "key">>(sql`
      insert into devices (cafe_id, name, key_hash) select id, ${name}, ${hashDeviceKey(key)} from cafes where id = ${cafeId}
      returning id, name, cafe_id, created_at`);
    if (!added) throw notFound("The café");
    await audit(tx, {
      actorKind: "staff",
      actorId: staffId,
      action: "device.enrolled",
      objectKind: "device",
      objectId: added.id,
      cafeId,
      requestId,
    });
    return added;
  });
  return { ...device, key };
}
