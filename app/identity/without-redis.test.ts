import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type LocalRedis, startRedis } from "../local/redis.ts";
import { type Campus, startCampus } from "../testing/campus.ts";

let folder: string;
let redis: LocalRedis;
let campus: Campus;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-redis-"));
  redis = await startRedis({ logFile: path.join(folder, "redis.log") });
  campus = await startCampus({ env: { REDIS_URL: redis.url } });
  expect(campus.processes[0].platform.cache.isUp()).toBe(true);
  await redis.stop();
});
afterAll(async () => {
  await campus.end();
  await rm(folder, { recursive: true, force: true });
});

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

const invalid = { status: 401, body: { error: { code: "INVALID_TOKEN" } } };

test("without Redis students log in, refresh and read their profile", async () => {
  const phone = campus.newPhone();
  const otp = await campus.requestOtp(phone);
  const login = await campus.api<Tokens>("POST", "/auth/verify-otp", { body: { phone, otp } });
  expect(login.status).toBe(200);
  const renewed = await campus.api<Tokens>("POST", "/auth/refresh", { body: { refresh_token: login.body.refresh_token }, process: 1 });
  expect(await campus.api("GET", "/users/me", { token: renewed.body.access_token })).toMatchObject({ status: 200, body: { phone } });
});

test("without Redis staff log in and enrol a device", async () => {
  const { username, password } = await campus.staff("owner", await campus.cafe());
  const login = await campus.api<Tokens>("POST", "/admin/auth/login", { body: { username, password } });
  expect(login.status).toBe(200);
  const enrolled = await campus.api("POST", "/admin/devices", { token: login.body.access_token, body: { name: "Till" } });
  expect(enrolled.status).toBe(201);
});

test("without Redis a logout and a revoked device still end everywhere, by the poll of PostgreSQL", async () => {
  const cafe = await campus.cafe();
  const [student, owner, device] = [await campus.student(), await campus.staff("owner", cafe), await campus.device(cafe)];
  const other = campus.processes[1].identity;
  const credential = `${device.id}.${device.key}`;
  expect((await student.api("GET", "/users/me", { process: 1 })).status).toBe(200);
  expect(await other.devices.recognize(credential)).toMatchObject({ id: device.id });

  expect((await student.api("POST", "/auth/logout")).status).toBe(204);
  expect((await owner.api("DELETE", `/admin/devices/${device.id}`)).status).toBe(204);
  expect(await student.api("GET", "/users/me", { process: 0 })).toMatchObject(invalid);
  await vi.waitFor(
    async () => {
      expect(await student.api("GET", "/users/me", { process: 1 })).toMatchObject(invalid);
      await expect(other.devices.recognize(credential)).rejects.toMatchObject({ code: "DEVICE_REVOKED" });
    },
    { timeout: 15_000, interval: 200 },
  );
});
