import { z } from "@hono/zod-openapi";
import type { Platform } from "../platform/context.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { type EnrolledDevice, enrolDevice } from "./enrol-device.ts";
import { cafeQuery, nameField } from "./field-schemas.ts";
import { cafeActorOf, cafeOf, staff } from "./guards.ts";
import type { Identity } from "./identity.ts";
import { type ListedDevice, listDevices } from "./list-devices.ts";
import { revokeDevice } from "./revoke-device.ts";
import { rotateDeviceKey } from "./rotate-device-key.ts";

const DeviceBody = z
  .object({
    id: z.uuid(),
    name: z.string(),
    cafe_id: z.uuid(),
    created_at: z.iso.datetime(),
    rotated_at: z.iso.datetime().nullable(),
    revoked_at: z.iso.datetime().nullable(),
  })
  .openapi("Device");

const DeviceWithKey = z
  .object({ id: z.uuid(), key: z.string(), name: z.string(), cafe_id: z.uuid(), created_at: z.iso.datetime() })
  .openapi("DeviceWithKey");

const deviceParam = z.object({ deviceId: z.uuid() });
const who = staff("owner", "admin");

const getDevices = route({
  method: "get",
  path: "/admin/devices",
  operationId: "listDevices",
  tags: ["devices"],
  summary: "The café's POS devices, newest first, revoked ones too",
  who,
  request: { query: listQuery.extend({ ...cafeQuery.shape }) },
  responses: { 200: json(listOf(DeviceBody), "A page of them") },
});

const postDevice = route({
  method: "post",
  path: "/admin/devices",
  operationId: "enrolDevice",
  tags: ["devices"],
  summary: "Enrol a POS device. Its key is shown this once, so there is no Idempotency-Key: a stored answer would keep it",
  who,
  errors: ["NOT_FOUND", "CONFLICT"],
  request: { query: cafeQuery, body: required(z.strictObject({ name: nameField(60) })) },
  responses: { 201: json(DeviceWithKey, "The device and its key") },
});

const postKey = route({
  method: "post",
  path: "/admin/devices/{deviceId}/rotate-key",
  operationId: "rotateDeviceKey",
  tags: ["devices"],
  summary: "Give a device a new key, shown this once (so there is no Idempotency-Key); the old one ends at once",
  who,
  errors: ["NOT_FOUND"],
  request: { params: deviceParam, query: cafeQuery },
  responses: { 200: json(DeviceWithKey, "The device and its new key") },
});

const deleteDevice = route({
  method: "delete",
  path: "/admin/devices/{deviceId}",
  operationId: "revokeDevice",
  tags: ["devices"],
  summary: "Revoke a device for good",
  who,
  errors: ["NOT_FOUND"],
  request: { params: deviceParam, query: cafeQuery },
  responses: { 204: { description: "Revoked" } },
});

export const deviceRoutes = (platform: Platform, identity: Identity) =>
  router()
    .openapi(getDevices, async (c) => {
      const { limit, cursor, cafe_id } = c.req.valid("query");
      const { items, next } = await listDevices(platform.db, cafeOf(c, cafe_id), { limit, after: cursor });
      return c.json({ items: items.map(presentDevice), next_cursor: next }, 200);
    })
    .openapi(postDevice, async (c) => {
      const input = { ...cafeActorOf(c, c.req.valid("query").cafe_id), name: c.req.valid("json").name };
      return c.json(presentWithKey(await enrolDevice(platform, input)), 201);
    })
    .openapi(postKey, async (c) => {
      const input = { ...cafeActorOf(c, c.req.valid("query").cafe_id), deviceId: c.req.valid("param").deviceId };
      return c.json(presentWithKey(await rotateDeviceKey(platform, identity, input)), 200);
    })
    .openapi(deleteDevice, async (c) => {
      await revokeDevice(platform, identity, { ...cafeActorOf(c, c.req.valid("query").cafe_id), deviceId: c.req.valid("param").deviceId });
      return c.body(null, 204);
    });

const presentDevice = (device: ListedDevice): z.infer<typeof DeviceBody> => ({
  id: device.id,
  name: device.name,
  cafe_id: device.cafeId,
  created_at: device.createdAt.toISOString(),
  rotated_at: device.rotatedAt?.toISOString() ?? null,
  revoked_at: device.revokedAt?.toISOString() ?? null,
});

const presentWithKey = (device: EnrolledDevice): z.infer<typeof DeviceWithKey> => ({
  id: device.id,
  key: device.key,
  name: device.name,
  cafe_id: device.cafeId,
  created_at: device.createdAt.toISOString(),
});
