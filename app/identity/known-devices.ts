import { createHash, timingSafeEqual } from "node:crypto";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";

export interface Device {
  readonly id: string;
  readonly cafeId: string;
}

interface KnownDevice extends Device {
  readonly keyHash: Buffer;
  readonly isRevoked: boolean;
  readonly readAtMs: number;
}

const channel = "devices";
const maxAgeMs = 5_000;
const maxDevices = 5_000;
const credentialPattern = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/;

/**
 * POS devices by their key. A row is trusted for 5 s at most, so a revocation holds everywhere within that time
 * without Redis, and at once with it.
 */
export interface KnownDevices {
  /** The device whose `<id>.<key>` this is; throws INVALID_TOKEN or, for the right key of a revoked one, DEVICE_REVOKED. */
  recognize(credential: string): Promise<Device>;
  /** To be called after the commit that changed a device. */
  announce(deviceId: string): void;
  stop(): void;
}

export function watchDevices({ cache, db }: Platform): KnownDevices {
  const devices = new Map<string, KnownDevice>();
  let changes = 0;
  const drop = (deviceId: string) => {
    changes += 1;
    devices.delete(deviceId);
  };
  const unsubscribe = cache.subscribe(channel, drop);

  const find = async (id: string): Promise<KnownDevice | undefined> => {
    const known = devices.get(id);
    if (known && performance.now() - known.readAtMs < maxAgeMs) return known;
    const changesBefore = changes;
    const readAtMs = performance.now();
    const row = await db.row<Omit<KnownDevice, "readAtMs">>(
      sql`select id, cafe_id, key_hash, revoked_at is not null as is_revoked from devices where id = ${id}`,
    );
    if (!row) return undefined;
    const device = { ...row, readAtMs };
    if (devices.size >= maxDevices) devices.clear();
    // A change that was announced while the row was read may not be in it.
    if (changes === changesBefore) devices.set(id, device);
    return device;
  };

  return {
    async recognize(credential) {
      const [, id, key] = credentialPattern.exec(credential) ?? [];
      const device = id === undefined ? undefined : await find(id);
      if (!device || key === undefined || !timingSafeEqual(device.keyHash, hashDeviceKey(key)))
        throw new CodedError("INVALID_TOKEN", "This device key is not known.");
      if (device.isRevoked) throw new CodedError("DEVICE_REVOKED", "This device was revoked: ask the café's owner to enrol it anew.");
      return { id: device.id, cafeId: device.cafeId };
    },
    announce(deviceId) {
      drop(deviceId);
      cache.publish(channel, deviceId);
    },
    stop: unsubscribe,
  };
}

export const hashDeviceKey = (key: string): Buffer => createHash("sha256").update(key).digest();
