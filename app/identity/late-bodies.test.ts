import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type Money, moneyOf } from "../testing/money.ts";

const limits = JSON.stringify({ daily_limit_minor: 100, low_balance_alert_minor: null });

let campus: Campus;
let money: Money;
beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
});
afterAll(() => campus.end());

interface Begun {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends the head, does what is to happen once the API has asked for the body, and then sends that. */
function answerTo({ method, path, authorization, headers, body }: Begun, meanwhile: () => Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${campus.processes[0].url}/api/v1${path}`, {
      method,
      headers: {
        Authorization: authorization,
        "Content-Type": "application/json",
        "Content-Length": Buffer.byteLength(body),
        Expect: "100-continue",
        ...headers,
      },
    });
    sent.on("continue", () => meanwhile().then(() => sent.end(body), reject));
    sent.on("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      answer.on("end", () => resolve(`${answer.statusCode} ${(JSON.parse(text) as { error?: { code: string } }).error?.code ?? text}`));
    });
    sent.on("error", reject);
    sent.flushHeaders();
  });
}

test("what was begun before a session or a till was ended is not done when its last byte comes after that", async () => {
  const [student, other] = [await money.fundedStudent({ balanceMinor: 0 }), await money.fundedStudent({ balanceMinor: 0 })];
  const admin = await campus.staff("admin");
  const owner = await campus.staff("owner", await campus.cafe());
  const till = await campus.device({ id: owner.cafeId ?? "" });
  const logOut = async ({ api }: Pick<typeof student, "api">) => expect((await api("POST", "/auth/logout")).status).toBe(204);

  const setLimits = { method: "PUT", path: "/wallet/limits", authorization: `Bearer ${student.token}`, body: limits };
  expect(await answerTo(setLimits, () => logOut(student))).toBe("401 INVALID_TOKEN");
  expect(await campus.sql`select daily_limit_minor from wallets where student_id = ${student.id}`).toEqual([{ dailyLimitMinor: null }]);

  // Whose body nobody asked for, and the key waits for it.
  const freeze = {
    method: "POST",
    path: "/wallet/freeze",
    authorization: `Bearer ${other.token}`,
    headers: { "Idempotency-Key": randomUUID() },
  };
  expect(await answerTo({ ...freeze, body: "{}" }, () => logOut(other))).toBe("401 INVALID_TOKEN");

  const bring = {
    method: "POST",
    path: "/admin/students/import",
    authorization: `Bearer ${admin.token}`,
    body: "phone,name\n+46700000001,Eve\n",
  };
  expect(await answerTo({ ...bring, headers: { "Content-Type": "text/csv" } }, () => logOut(admin))).toBe("401 INVALID_TOKEN");
  expect(await campus.sql`select id from student_imports`).toEqual([]);

  const scan = { method: "POST", path: "/pos/scans", authorization: till.authorization };
  const body = JSON.stringify({ scan_id: randomUUID(), card_uid: "04a1b2c3d4e5f6" });
  const revoke = async () => expectOk(await owner.api("DELETE", `/admin/devices/${till.id}`));
  expect(await answerTo({ ...scan, body }, revoke)).toBe("403 DEVICE_REVOKED");
});

test("a body that comes late is read as any other", async () => {
  const { token } = await money.fundedStudent({ balanceMinor: 0 });
  const begun = { method: "PUT", path: "/wallet/limits", authorization: `Bearer ${token}`, body: limits };
  expect(await answerTo(begun, () => Promise.resolve())).toMatch(/^200 /);
});
