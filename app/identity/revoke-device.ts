import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import { auditActor, type CafeActor } from "./actor.ts";
import type { Identity } from "./identity.ts";

interface Input extends CafeActor {
  readonly deviceId: string;
}

/** Revokes a device for good. */
export async function revokeDevice({ db }: Platform, { devices }: Pick<Identity, "devices">, input: Input): Promise<void> {
  const { cafeId, deviceId } = input;
  await db.transaction(async (tx) => {
    const revoked = await tx.run(
      sql`update devices set revoked_at = now() where id = ${deviceId} and cafe_id = ${cafeId} and revoked_at is null`,
    );
    if (revoked === 0) throw notFound("The device");
    await auditActor(tx, input, { action: "device.revoked", objectKind: "device", objectId: deviceId });
  });
  devices.announce(deviceId);
}
