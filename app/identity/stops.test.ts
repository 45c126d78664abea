import { afterAll, beforeAll, expect, test } from "vitest";
import type { Api } from "../testing/api-client.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk } from "../testing/money.ts";
import { unknownId } from "../testing/refusal.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus({ env: { RATE_LIMIT_SCALE: "1", RATE_GENERAL_PER_MINUTE: "1", RATE_STATUS_PER_MINUTE: "1" } });
});
afterAll(() => campus.end());

/** Spends the minute; a window that ends meanwhile begins the count again. */
async function spend(api: Api, path: string): Promise<void> {
  for (let turn = 0; (await api("GET", path)).status !== 429; turn += 1) expect(turn).toBeLessThan(5);
}

test("whoever spends a student's requests keeps nobody from a stop, and whoever spends the stops none of another session's", async () => {
  const { api, phone } = await campus.student();
  const end = `/users/me/sessions/${unknownId}`;
  await spend(api, "/wallet");
  const stops: readonly [Parameters<Api>[0], string, number, Parameters<Api>[2]?][] = [
    ["POST", "/wallet/freeze", 200],
    ["POST", `/cards/${unknownId}/freeze`, 404],
    ["POST", `/cards/${unknownId}/report-lost`, 404],
    ["POST", `/charges/${unknownId}/decline`, 404, { body: { not_me: true } }],
    ["DELETE", "/wallet/close-out", 404],
    ["DELETE", end, 404],
    ["POST", `${end}/not-me`, 404],
    ["GET", "/users/me/sessions", 200],
    ["GET", "/cards", 200],
  ];
  for (const [method, path, status, options] of stops) expect([path, (await api(method, path, options)).status]).toEqual([path, status]);
  for (let turn = 0; (await api("DELETE", end)).status !== 429; turn += 1) expect(turn).toBeLessThan(45);
  const otp = await campus.requestOtp(phone);
  const { access_token: token } = expectOk(
    await campus.api<{ access_token: string }>("POST", "/auth/verify-otp", { body: { phone, otp } }),
  );
  expect((await campus.api("DELETE", end, { token })).status).toBe(404);
});

test("staff end a session and log out when their requests are spent", async () => {
  const { api } = await campus.staff("admin");
  await spend(api, "/admin/auth/session");
  expect((await api("GET", "/admin/auth/sessions")).status).toBe(200);
  expect((await api("POST", `/admin/auth/sessions/${unknownId}/not-me`)).status).toBe(404);
  expect((await api("DELETE", `/admin/auth/sessions/${unknownId}`)).status).toBe(404);
  expect((await api("POST", "/auth/logout")).status).toBe(204);
});
