import { randomInt, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Api } from "../api-client.ts";
import { type Campus, startCampus } from "../campus.ts";
import { until } from "../platform.ts";

let campus: Campus;

beforeAll(async () => {
  campus = await startCampus({ env: { LOG_LEVEL: "trace" } });
});

afterAll(async () => {
  await campus.end();
});

const planted = {
  phone: `+46709${String(randomInt(1_000_000)).padStart(6, "0")}`,
  name: "Gudrun Planterad",
  cardUid: "04F1E2D3C4B5A6",
  password: "hemlig-och-planterad",
  pushToken: "planted-push-token-0001",
};

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user: { readonly id: string };
}

/** A student's, a member of staff's and a device's day, with everything that may go wrong, through the real processes. */
async function aDay(): Promise<string[]> {
  const statuses: number[] = [];
  const api: Api = async (...request) => {
    const answer = await campus.api(...request);
    statuses.push(answer.status);
    return answer as never;
  };
  const { phone, name, cardUid, password, pushToken } = planted;
  const { body: asked } = await api<{ request_id: string }>("POST", "/auth/request-otp", { body: { phone } });
  await campus.setFaults({ sms: "500" });
  await campus.drainOutbox();
  await campus.setFaults({ sms: "ok" });
  await campus.sql`update outbox set due_at = now()`;
  await campus.drainOutbox();
  const otp = await campus.sentOtp(asked.request_id);
  await api("POST", "/auth/verify-otp", { body: { phone, otp: otp === "000000" ? "000001" : "000000" } });
  const { body: tokens } = await api<Tokens>("POST", "/auth/verify-otp", { body: { phone, otp } });
  const token = tokens.access_token;
  const profile = { name, language: "sv", notifications: { orders: true, payments: true } };
  await api("PUT", "/users/me", { token, body: profile });
  await api("PUT", "/users/me", { token, body: { ...profile, phone } });
  await api("POST", "/users/device-token", { token, body: { token: pushToken, platform: "ios" } });
  await api("POST", "/auth/request-otp", { body: `{"phone":"${phone}"` });
  await api("GET", `/users/me?token=${token}&phone=${encodeURIComponent(phone)}`, { token: `${token}x` });

  const cafe = await campus.cafe();
  const owner = await campus.staff("owner", cafe);
  await api("POST", "/admin/auth/login", { body: { username: owner.username, password } });
  await api("POST", "/admin/auth/login", { body: { username: owner.username, password: owner.password } });
  const enrolled = await api<{ key: string }>("POST", "/admin/devices", { token: owner.token, body: { name: "Till" } });
  const device = await campus.device(cafe);
  const admin = await campus.staff("admin");
  await api("POST", `/admin/students/${tokens.user.id}/cards`, { token: admin.token, body: { card_uid: cardUid } });
  await api("POST", "/pos/scans", { device, body: { scan_id: randomUUID(), card_uid: cardUid } });
  await api("POST", "/pos/scans", { device, body: { scan_id: randomUUID(), card_uid: `${cardUid}00` } });
  await api("POST", "/pos/scans", { device, body: { scan_id: cardUid, card_uid: phone } });

  // PostgreSQL quotes the whole row that it refuses.
  await campus.database.query("alter table students add constraint planted check (language <> 'it')");
  const refused = await api("PUT", "/users/me", { token, body: { ...profile, language: "it" } });
  expect(refused.status).toBe(500);
  const refreshed = await api<Tokens>("POST", "/auth/refresh", { body: { refresh_token: tokens.refresh_token } });
  await api("POST", "/auth/refresh", { body: { refresh_token: tokens.refresh_token } });
  await api("POST", "/auth/logout", { token: refreshed.body.access_token });

  // The day went as it was meant to: logins and writes that worked, and every kind of refusal between them.
  expect(statuses).toEqual([200, 400, 200, 200, 400, 201, 400, 401, 401, 200, 201, 201, 404, 403, 400, 500, 200, 200, 204]);

  const secrets = Object.entries(campus.env).filter(([secret]) => /KEY|PEPPER|PASSWORD|SECRET/.test(secret));
  return [
    ...Object.values(planted),
    ...[otp, token, tokens.refresh_token, refreshed.body.access_token, refreshed.body.refresh_token],
    ...[owner.password, owner.token, device.key, enrolled.body.key],
    ...secrets.map(([, value]) => value),
  ];
}

test("after a day of logins, scans and faults no phone, card, name, token, password, OTP or key stands in the log", async () => {
  const secrets = await aDay();
  expect(secrets.filter((secret) => typeof secret !== "string" || secret.length < 6)).toEqual([]);
  await until("the last request is logged", () => campus.logLines.some((line) => line.includes("/api/v1/auth/logout")));
  const log = campus.logLines.join("");
  expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
  expect(secrets.filter((secret) => log.includes(encodeURIComponent(secret)) || log.includes(JSON.stringify(secret).slice(1, -1)))).toEqual(
    [],
  );
});

test("the log of that day still tells what happened: each request, the fault with its constraint, the failed delivery", () => {
  const log = campus.logLines.join("");
  expect(log).toContain('"route":"POST /api/v1/pos/scans"');
  expect(log).toMatch(/"level":"error".*"constraint":"planted"/);
  expect(log).toContain("An outbox row was not delivered");
});
