import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import type { Identity } from "./identity.ts";

interface Wish {
  readonly cafeId: string;
  readonly deviceId: string;
  readonly staffId: string;
  readonly requestId: string;
}

/** Revokes a device for good. */
export async function revokeDevice({ db }: Platform, { devices }: Pick<Identity, "devices">, wish: Wish): Promise<void> {
  const { cafeId, deviceId, staffId, requestId } = wish;
  await db.transaction(async (tx) => {
    const revoked = await tx.run(
      sql`update devices set revoked_at = now() where id = ${deviceId} and cafe_id = ${cafeId} and revoked_at is null`,
    );
    if (revoked === 0) throw notFound("The device");
    await audit(tx, {
      actorKind: "staff",
      actorId: staffId,
      action: "device.revoked",
      objectKind: "device",
      objectId: deviceId,
      cafeId,
      requestId,
    });
  });
  devices.announce(deviceId);
}
