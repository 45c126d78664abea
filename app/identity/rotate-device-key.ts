import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import { auditActor, type CafeActor } from "./actor.ts";
import { type EnrolledDevice, newDeviceKey } from "./enrol-device.ts";
import type { Identity } from "./identity.ts";
import { hashDeviceKey } from "./known-devices.ts";

interface Input extends CafeActor {
  readonly deviceId: string;
}

/** Gives a device a new key; the old one ends at once. */
export async function rotateDeviceKey({ db }: Platform, { devices }: Pick<Identity, "devices">, input: Input): Promise<EnrolledDevice> {
  const { cafeId, deviceId } = input;
  const key = newDeviceKey();
  const device = await db.transaction(async (tx) => {
    const rotated = await tx.row<Omit<EnrolledDevice, "key">>(sql`
      update devices set key_hash = ${hashDeviceKey(key)}, rotated_at = now()
      where id = ${deviceId} and cafe_id = ${cafeId} and revoked_at is null
      returning id, name, cafe_id, created_at`);
    if (!rotated) throw notFound("The device");
    await auditActor(tx, input, { action: "device.key_rotated", objectKind: "device", objectId: deviceId });
    return rotated;
  });
  devices.announce(deviceId);
  return { ...device, key };
}
