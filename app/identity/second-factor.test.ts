import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { refused } from "../testing/refusal.ts";
import { codeNow } from "./totp.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus({ env: { STAFF_SECOND_FACTOR: "required", PUBLIC_URL: "http://localhost:8080" } });
});
afterAll(() => campus.end());

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

const credentials = ({ username, password }: TestStaff) => ({ username, password });
const logIn = (member: TestStaff, more: Readonly<Record<string, string>> = {}, userAgent = "test") =>
  campus.api<Tokens>("POST", "/admin/auth/login", { body: { ...credentials(member), ...more }, headers: { "User-Agent": userAgent } });
const seconds = (count: number) => Date.now() + count * 1_000;

async function enrol(member: TestStaff): Promise<{ secret: string; codes: string[] }> {
  const { secret } = expectOk(await campus.api<{ secret: string }>("POST", "/admin/auth/totp", { body: credentials(member) }));
  // The code of the step before, so that the present one is still unused.
  const confirmed = await campus.api<{ recovery_codes: string[] }>("POST", "/admin/auth/totp/confirm", {
    body: { ...credentials(member), totp: codeNow(secret, seconds(-30)) },
  });
  return { secret, codes: expectOk(confirmed).recovery_codes };
}

/** The first lock lasts one second, and a busy machine may take longer for the next line. */
const lockLonger = () => campus.sql`update login_failures set locked_until = locked_until + interval '1 hour'`;
const inventedKey = {
  id: "AAAA",
  rawId: "AAAA",
  type: "public-key",
  response: { clientDataJSON: "AAAA", attestationObject: "AAAA" },
  clientExtensionResults: {},
};

describe("codes of an authenticator app", () => {
  test.each(["admin", "finance"] as const)(
    "%s comes in with a second factor only, and sets up the first one with the password",
    async (role) => {
      const member = await campus.staff(role);
      expect(await logIn(member)).toMatchObject({
        status: 401,
        body: { error: { code: "SECOND_FACTOR_REQUIRED", details: { methods: [], must_enrol: true } } },
      });
      const { secret, codes } = await enrol(member);
      expect(codes).toHaveLength(10);
      expect(await logIn(member)).toMatchObject({
        status: 401,
        body: { error: { code: "SECOND_FACTOR_REQUIRED", details: { methods: ["totp", "recovery_code"], must_enrol: false } } },
      });
      expect((await logIn(member, { totp: codeNow(secret) })).status).toBe(200);
    },
  );

  test("a café's staff need none, and whoever of them has one must give it", async () => {
    const owner = await campus.staff("owner", await campus.cafe());
    expect((await logIn(owner)).status).toBe(200);
    const { secret } = await enrol(owner);
    expect(await logIn(owner)).toMatchObject(refused(401, "SECOND_FACTOR_REQUIRED"));
    expect((await logIn(owner, { totp: codeNow(secret) })).status).toBe(200);
  });

  test("a code opens once, a recovery code opens once, and a wrong one counts as a failed login", async () => {
    const member = await campus.staff("finance");
    const { secret, codes } = await enrol(member);
    const code = codeNow(secret);
    expect((await logIn(member, { totp: code })).status).toBe(200);
    expect(await logIn(member, { totp: code })).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
    const [recovery = ""] = codes;
    expect((await logIn(member, { recovery_code: recovery.toUpperCase() })).status).toBe(200);
    for (let tries = 0; tries < 5; tries += 1)
      expect(await logIn(member, { recovery_code: recovery })).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
    expect(await logIn(member, { totp: codeNow(secret, seconds(30)) })).toMatchObject(refused(429, "RATE_LIMITED"));
  });

  test("a code and a recovery code that are sent many times at once, to both processes, open one session", async () => {
    const member = await campus.staff("admin");
    const { secret, codes } = await enrol(member);
    const atOnce = async (factor: Readonly<Record<string, string>>) => {
      const tries = Array.from({ length: 4 }, (_, index) =>
        campus.api("POST", "/admin/auth/login", { process: index % 2 === 0 ? 0 : 1, body: { ...credentials(member), ...factor } }),
      );
      return (await Promise.all(tries)).map(({ status }) => status).sort();
    };
    expect(await atOnce({ totp: codeNow(secret) })).toEqual([200, 401, 401, 401]);
    expect((await logIn(member, { recovery_code: codes[1] ?? "" })).status).toBe(200);
    expect(await atOnce({ recovery_code: codes[0] ?? "" })).toEqual([200, 401, 401, 401]);
    expect(
      await campus.sql`select count(*)::int as used from staff_recovery_codes where staff_id = ${member.id} and used_at is not null`,
    ).toEqual([{ used: 2 }]);
  });

  test("guesses at the code are not forgiven by the step in which the password alone is right", async () => {
    const member = await campus.staff("admin");
    const { secret } = await enrol(member);
    const answers: number[] = [];
    for (let tries = 0; tries < 6; tries += 1) {
      answers.push((await logIn(member, { totp: "000000" })).status);
      await logIn(member);
    }
    expect(answers.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(answers[5]).toBe(429);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  });

  test("nor by the step that sets up a factor, with the password alone: its own wrong codes count too", async () => {
    const member = await campus.staff("admin");
    await enrol(member);
    const confirm = () => campus.api("POST", "/admin/auth/totp/confirm", { body: { ...credentials(member), totp: "000000" } });
    const addKey = () =>
      campus.api("POST", "/admin/auth/passkeys", {
        body: { ...credentials(member), challenge_id: crypto.randomUUID(), name: "Mine", response: inventedKey },
      });
    for (let tries = 0; tries < 4; tries += 1)
      expect(await logIn(member, { totp: "000000" })).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
    expect((await confirm()).status).toBe(404);
    expect((await addKey()).status).toBe(404);
    expect((await logIn(member, { totp: "000000" })).status).toBe(401);
    await lockLonger();
    expect(await logIn(member, { totp: "000000" })).toMatchObject(refused(429, "RATE_LIMITED"));

    const begins = await campus.staff("finance");
    expectOk(await campus.api("POST", "/admin/auth/totp", { body: credentials(begins) }));
    const guess = () => campus.api("POST", "/admin/auth/totp/confirm", { body: { ...credentials(begins), totp: "000000" } });
    for (let tries = 0; tries < 5; tries += 1) expect(await guess()).toMatchObject(refused(400, "INVALID_OTP"));
    await lockLonger();
    expect(await guess()).toMatchObject(refused(429, "RATE_LIMITED"));
  });

  test("the password alone puts no other secret in the place of the one that counts, and chooses no other password", async () => {
    const member = await campus.staff("finance");
    const { secret } = await enrol(member);
    expect(await campus.api("POST", "/admin/auth/totp", { body: credentials(member) })).toMatchObject(
      refused(401, "SECOND_FACTOR_REQUIRED"),
    );
    expect(await campus.api("POST", "/admin/auth/totp/confirm", { body: { ...credentials(member), totp: "123456" } })).toMatchObject(
      refused(404, "NOT_FOUND"),
    );
    const choose = { ...credentials(member), new_password: "wobbling-otter-79-lamp" };
    expect(await campus.api("POST", "/admin/auth/password", { body: choose })).toMatchObject(refused(401, "SECOND_FACTOR_REQUIRED"));
    const code = { totp: codeNow(secret) };
    expect((await campus.api("POST", "/admin/auth/password", { body: { ...choose, ...code } })).status).toBe(204);
  });

  test("a secret that never had its first code opens nothing and keeps nobody out", async () => {
    const owner = await campus.staff("owner", await campus.cafe());
    const { secret } = expectOk(await campus.api<{ secret: string }>("POST", "/admin/auth/totp", { body: credentials(owner) }));
    expect(await logIn(owner, { totp: codeNow(secret) })).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
    expect((await logIn(owner)).status).toBe(200);
    const wrong = { ...credentials(owner), totp: codeNow(secret, seconds(-3_600)) };
    expect(await campus.api("POST", "/admin/auth/totp/confirm", { body: wrong })).toMatchObject(refused(400, "INVALID_OTP"));
  });

  test("secrets and recovery codes stand in no table and no line as they are", async () => {
    const { secret, codes } = await enrol(await campus.staff("finance"));
    const [{ text } = { text: "" }] = await campus.sql<{ text: string }>`
      select string_agg(t::text, ' ') || (select string_agg(r::text, ' ') from staff_recovery_codes r) as text from staff_totp t`;
    for (const each of [secret, ...codes]) {
      expect(text).not.toContain(each);
      expect(campus.logLines.join("\n")).not.toContain(each);
    }
  });
});

describe("sessions", () => {
  test("staff see where they are logged in, end one of them at once, and nobody else's", async () => {
    const [owner, other] = [await campus.staff("owner", await campus.cafe()), await campus.staff("owner", await campus.cafe())];
    const phone = expectOk(await logIn(owner, {}, "Mozilla/5.0 (Android 16) Firefox/140.0"));
    interface Listed {
      items: { id: string; is_this: boolean; network: string; browser: string; factor: string }[];
    }
    const { items } = expectOk(await owner.api<Listed>("GET", "/admin/auth/sessions"));
    expect(items[0]).toMatchObject({ is_this: false, network: "127.0.0.x", browser: "Firefox on Android", factor: "password" });
    expect(items.filter(({ is_this }) => is_this).map(({ id }) => id)).toEqual([owner.sessionId]);
    expect(await other.api("DELETE", `/admin/auth/sessions/${items[0]?.id}`)).toMatchObject(refused(404, "NOT_FOUND"));
    expect((await owner.api("DELETE", `/admin/auth/sessions/${items[0]?.id}`)).status).toBe(204);
    expect(await campus.api("GET", "/admin/auth/session", { token: phone.access_token })).toMatchObject(refused(401, "INVALID_TOKEN"));
    expect(await campus.api("POST", "/auth/refresh", { body: { refresh_token: phone.refresh_token } })).toMatchObject(
      refused(401, "INVALID_TOKEN"),
    );
  });

  test("a session that nobody used for two hours is not renewed, and none lasts longer than sixteen", async () => {
    const owner = await campus.staff("owner", await campus.cafe());
    const idle = expectOk(await logIn(owner));
    const [row] = await campus.sql<{ idle: number; life: number }>`
      select extract(epoch from t.expires_at - now())::int as idle, extract(epoch from s.ends_at - now())::int as life
      from sessions s join refresh_tokens t on t.session_id = s.id where s.staff_id = ${owner.id} order by s.id desc limit 1`;
    expect(row?.idle).toBeGreaterThan(7_100);
    expect(row?.idle).toBeLessThanOrEqual(7_200);
    expect(row?.life).toBeGreaterThan(57_500);
    await campus.sql`update sessions set ends_at = now() + interval '60 seconds' where staff_id = ${owner.id}`;
    const renewed = expectOk(await campus.api<Tokens>("POST", "/auth/refresh", { body: { refresh_token: idle.refresh_token } }));
    expect(renewed.expires_in).toBeLessThanOrEqual(60);
    await campus.sql`update refresh_tokens set expires_at = now() where session_id in (select id from sessions where staff_id = ${owner.id})`;
    expect(await campus.api("POST", "/auth/refresh", { body: { refresh_token: renewed.refresh_token } })).toMatchObject(
      refused(401, "INVALID_TOKEN"),
    );
  });

  test("a student who says this was not me ends the stranger's session and what it registered, and the wallet is frozen", async () => {
    const student = await campus.student();
    expectOk(await student.api("GET", "/wallet"));
    const otp = await campus.requestOtp(student.phone);
    const thief = expectOk(await campus.api<Tokens>("POST", "/auth/verify-otp", { body: { phone: student.phone, otp } }));
    expectOk(
      await campus.api("POST", "/users/device-token", {
        token: thief.access_token,
        body: { token: "thief-phone-token", platform: "android" },
      }),
    );
    const { items } = expectOk(await student.api<{ items: { id: string; is_this: boolean }[] }>("GET", "/users/me/sessions"));
    const strange = items.find(({ is_this }) => !is_this);
    expect((await student.api("POST", `/users/me/sessions/${strange?.id}/not-me`)).status).toBe(204);
    expect(
      await campus.sql`select topic from outbox where payload ->> 'kind' = 'login_disowned' and payload ->> 'student_id' = ${student.id} order by topic`,
    ).toEqual([{ topic: "mail.notice" }, { topic: "push.notice" }, { topic: "sms.notice" }]);
    expect(await campus.sql`select details from audit_log where action = 'session.disowned' and actor_id = ${student.id}`).toEqual([
      { details: { confirm_keys: 0, push_tokens: 1 } },
    ]);
    expect(await campus.api("GET", "/users/me", { token: thief.access_token })).toMatchObject(refused(401, "INVALID_TOKEN"));
    expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ status: "frozen" });
    expect(await campus.sql`select is_active from push_tokens where student_id = ${student.id}`).toEqual([{ isActive: false }]);
  });

  test("a stranger who logged out again is disowned for a week, and its key goes", async () => {
    const student = await campus.student();
    expectOk(await student.api("GET", "/wallet"));
    const otp = await campus.requestOtp(student.phone);
    const thief = expectOk(await campus.api<Tokens>("POST", "/auth/verify-otp", { body: { phone: student.phone, otp } }));
    const { items } = expectOk(await student.api<{ items: { id: string; is_this: boolean }[] }>("GET", "/users/me/sessions"));
    const path = `/users/me/sessions/${items.find(({ is_this }) => !is_this)?.id}`;
    await campus.sql`insert into push_tokens (token, student_id, platform) values (${crypto.randomUUID()}, ${student.id}, 'web')`;
    expect((await campus.api("POST", "/auth/logout", { token: thief.access_token })).status).toBe(204);
    expect(await student.api("DELETE", path)).toMatchObject(refused(404, "NOT_FOUND"));
    expect((await student.api("POST", `${path}/not-me`)).status).toBe(204);
    expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ status: "frozen" });
    expect(await campus.sql`select is_active from push_tokens where student_id = ${student.id}`).toEqual([{ isActive: false }]);
    await campus.sql`update sessions set revoked_at = now() - interval '8 days' where id = ${path.split("/").at(-1)}`;
    expect(await student.api("POST", `${path}/not-me`)).toMatchObject(refused(404, "NOT_FOUND"));
  });

  test("a log-in leaves a line in the trail and in the log, with a network and no address", async () => {
    const owner = await campus.staff("owner", await campus.cafe());
    expectOk(await logIn(owner));
    await campus.api("POST", "/admin/auth/login", { body: { username: owner.username, password: "wrong" } });
    const [line] = await campus.sql<{ details: Record<string, string> }>`
      select details from audit_log where actor_id = ${owner.id} and action = 'staff.logged_in'`;
    expect(line?.details).toEqual({ factor: "password", network: "127.0.0.x", address_hash: expect.stringMatching(/^[\w-]{16}$/) });
    const logged = campus.logLines.filter((each) => each.includes("staff login refused"));
    expect(logged.at(-1)).toContain('"network":"127.0.0.x"');
    expect(logged.join("")).not.toMatch(new RegExp(`127\\.0\\.0\\.1|${owner.username}`));
  });
});

describe("one-time passwords of staff and common ones", () => {
  test("a one-time password that nobody used for three days opens nothing", async () => {
    const owner = await campus.staff("owner", await campus.cafe());
    const added = expectOk(
      await owner.api<{ username: string; one_time_password: string }>("POST", "/admin/staff", {
        body: { username: `new-${randomBytes(3).toString("hex")}`, name: "New", role: "kitchen" },
      }),
    );
    await campus.sql`update staff set password_ends_at = now() - interval '1 second' where username = ${added.username}`;
    const body = { username: added.username, password: added.one_time_password, new_password: "wobbling-otter-79-lamp" };
    expect(await campus.api("POST", "/admin/auth/password", { body })).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
    await campus.sql`update staff set password_ends_at = now() + interval '72 hours' where username = ${added.username}`;
    expect((await campus.api("POST", "/admin/auth/password", { body })).status).toBe(204);
  });

  test.each([
    "password1234",
    "P@ssw0rd!2026",
    "campuspay2027!",
    "qwertyuiop[]",
    "aaaaaaaaaaaaaa",
    "abcabcabcabc",
    "123456789012",
    "Sommar2026!!",
  ])("%s is no password", async (new_password) => {
    const owner = await campus.staff("owner", await campus.cafe());
    const answer = await campus.api("POST", "/admin/auth/password", { body: { ...credentials(owner), new_password } });
    expect(answer).toMatchObject(refused(400, "VALIDATION_ERROR"));
  });
});

describe("passkeys", () => {
  /** What an authenticator with a P-256 key does, by the specification: no browser is needed to speak its bytes. */
  function authenticator(rpId: string, origin: string) {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    const id = randomBytes(16);
    let count = 0;
    const bytes = (value: Buffer) => Buffer.concat([Buffer.from([0x58, value.length]), value]);
    // COSE_Key {1: 2, 3: -7, -1: 1, -2: x, -3: y} in CBOR.
    const cose = Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
      bytes(Buffer.from(x, "base64url")),
      Buffer.from([0x22]),
      bytes(Buffer.from(y, "base64url")),
    ]);
    const head = (flags: number, host = rpId) => {
      const counter = Buffer.alloc(4);
      counter.writeUInt32BE(count);
      return Buffer.concat([createHash("sha256").update(host).digest(), Buffer.from([flags]), counter]);
    };
    const clientData = (type: string, challenge: string) => Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
    const shown = { id: id.toString("base64url"), rawId: id.toString("base64url"), type: "public-key", clientExtensionResults: {} };
    return {
      create(challenge: string) {
        const authData = Buffer.concat([head(0x45), Buffer.alloc(16), Buffer.from([0, id.length]), id, cose]);
        const length = Buffer.alloc(2);
        length.writeUInt16BE(authData.length);
        // {"fmt": "none", "attStmt": {}, "authData": bytes} in CBOR.
        const attestation = Buffer.concat([
          Buffer.from([0xa3, 0x63]),
          Buffer.from("fmt"),
          Buffer.from([0x64]),
          Buffer.from("none"),
          Buffer.from([0x67]),
          Buffer.from("attStmt"),
          Buffer.from([0xa0, 0x68]),
          Buffer.from("authData"),
          Buffer.from([0x59]),
          length,
          authData,
        ]);
        const response = {
          clientDataJSON: clientData("webauthn.create", challenge).toString("base64url"),
          attestationObject: attestation.toString("base64url"),
        };
        return { ...shown, response };
      },
      get(challenge: string, { flags = 0x05, type = "webauthn.get", advance = 1, host = rpId } = {}) {
        count += advance;
        const authData = head(flags, host);
        const client = clientData(type, challenge);
        const signature = sign("sha256", Buffer.concat([authData, createHash("sha256").update(client).digest()]), privateKey);
        const response = {
          clientDataJSON: client.toString("base64url"),
          authenticatorData: authData.toString("base64url"),
          signature: signature.toString("base64url"),
        };
        return { ...shown, response };
      },
    };
  }

  interface Begun {
    readonly challenge_id: string;
    readonly options: { readonly challenge: string };
  }
  const register = async (member: TestStaff, key: ReturnType<typeof authenticator>, more: Readonly<Record<string, string>>) => {
    const body = { ...credentials(member), ...more };
    const begun = expectOk(await campus.api<Begun>("POST", "/admin/auth/passkey-options", { body }));
    const response = key.create(begun.options.challenge);
    return campus.api<{ passkey: { id: string }; recovery_codes: string[] }>("POST", "/admin/auth/passkeys", {
      body: { ...credentials(member), challenge_id: begun.challenge_id, name: "My phone", response },
    });
  };
  const beginLogin = async () => expectOk(await campus.api<Begun>("POST", "/admin/auth/passkey-login/options"));
  const answerLogin = (challenge_id: string, response: unknown) =>
    campus.api<Tokens>("POST", "/admin/auth/passkey-login", { body: { challenge_id, response } });

  test("staff make a passkey and log in with it alone; it answers once, only for this origin, and only unlocked", async () => {
    const member = await campus.staff("finance");
    const key = authenticator("localhost", "http://localhost:8080");
    const kept = await register(member, key, {});
    expect(expectOk(kept).recovery_codes).toHaveLength(10);
    expect(await logIn(member)).toMatchObject({ body: { error: { details: { methods: ["passkey", "recovery_code"] } } } });

    const login = await beginLogin();
    const response = key.get(login.options.challenge);
    const session = expectOk(await answerLogin(login.challenge_id, response));
    expect(await answerLogin(login.challenge_id, response)).toMatchObject(refused(404, "NOT_FOUND"));

    const unlocked = await beginLogin();
    expect(await answerLogin(unlocked.challenge_id, key.get(unlocked.options.challenge, { flags: 0x01 }))).toMatchObject(
      refused(401, "INVALID_CREDENTIALS"),
    );
    const elsewhere = authenticator("localhost", "https://campus.example");
    const phished = await beginLogin();
    expect(await answerLogin(phished.challenge_id, { ...elsewhere.get(phished.options.challenge), ...pick(response) })).toMatchObject(
      refused(401, "INVALID_CREDENTIALS"),
    );
    const list = await campus.api<{ items: { name: string }[] }>("GET", "/admin/auth/passkeys", { token: session.access_token });
    expect(list.body.items.map(({ name }) => name)).toEqual(["My phone"]);
    expect(await campus.api("DELETE", `/admin/auth/passkeys/${kept.body.passkey.id}`, { token: session.access_token })).toMatchObject(
      refused(409, "CONFLICT"),
    );
    const [recovery = ""] = kept.body.recovery_codes;
    const second = expectOk(await register(member, authenticator("localhost", "http://localhost:8080"), { recovery_code: recovery }));
    const again = await beginLogin();
    const lost = expectOk(await answerLogin(again.challenge_id, key.get(again.options.challenge)));
    expect((await campus.api("DELETE", `/admin/auth/passkeys/${kept.body.passkey.id}`, { token: session.access_token })).status).toBe(204);
    expect(await campus.api("GET", "/admin/auth/session", { token: lost.access_token })).toMatchObject(refused(401, "INVALID_TOKEN"));
    expect((await campus.api("GET", "/admin/auth/session", { token: session.access_token })).status).toBe(200);
    expect(await campus.sql`select object_id from audit_log where action = 'staff.passkey_removed' and actor_id = ${member.id}`).toEqual([
      { objectId: kept.body.passkey.id },
    ]);
    expect(second.recovery_codes).toBeNull();
  });

  test("what was begun with the password alone is not finished once the account has a factor", async () => {
    const [first, second] = [await campus.staff("finance"), await campus.staff("finance")];
    const key = () => authenticator("localhost", "http://localhost:8080");
    const begun = expectOk(await campus.api<Begun>("POST", "/admin/auth/passkey-options", { body: credentials(first) }));
    const finish = (response: unknown) =>
      campus.api("POST", "/admin/auth/passkeys", {
        body: { ...credentials(first), challenge_id: begun.challenge_id, name: "Theirs", response },
      });
    await enrol(first);
    expect(await finish(key().create(begun.options.challenge))).toMatchObject(refused(404, "NOT_FOUND"));

    const { secret } = expectOk(await campus.api<{ secret: string }>("POST", "/admin/auth/totp", { body: credentials(second) }));
    const other = expectOk(await campus.api<Begun>("POST", "/admin/auth/passkey-options", { body: credentials(second) }));
    expectOk(await register(second, key(), {}));
    const confirm = { ...credentials(second), totp: codeNow(secret) };
    expect(await campus.api("POST", "/admin/auth/totp/confirm", { body: confirm })).toMatchObject(refused(404, "NOT_FOUND"));
    const answer = {
      ...credentials(second),
      challenge_id: other.challenge_id,
      name: "Theirs",
      response: key().create(other.options.challenge),
    };
    expect(await campus.api("POST", "/admin/auth/passkeys", { body: answer })).toMatchObject(refused(404, "NOT_FOUND"));
  });

  const pick = ({ id, rawId }: { readonly id: string; readonly rawId: string }) => ({ id, rawId });

  test("a passkey that nobody registered, and one signed by another key, open nothing", async () => {
    const stranger = authenticator("localhost", "http://localhost:8080");
    const begun = await beginLogin();
    expect(await answerLogin(begun.challenge_id, stranger.get(begun.options.challenge))).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
    const member = await campus.staff("finance");
    const key = authenticator("localhost", "http://localhost:8080");
    expectOk(await register(member, key, {}));
    const again = await beginLogin();
    const forged = { ...stranger.get(again.options.challenge), ...pick(key.get(again.options.challenge)) };
    expect(await answerLogin(again.challenge_id, forged)).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
  });

  test.each([
    ["that was made to register", { type: "webauthn.create" }],
    ["that nobody was there for", { flags: 0x04 }],
    ["for another host", { host: "campus.example" }],
  ])("an answer %s opens nothing", async (_, how) => {
    const member = await campus.staff("finance");
    const key = authenticator("localhost", "http://localhost:8080");
    expectOk(await register(member, key, {}));
    const login = await beginLogin();
    expect(await answerLogin(login.challenge_id, key.get(login.options.challenge, how))).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
  });

  test("one answer that is sent many times at once opens one session; of two copies of a passkey the second one's count gives it away", async () => {
    const member = await campus.staff("finance");
    const key = authenticator("localhost", "http://localhost:8080");
    expectOk(await register(member, key, {}));
    const login = await beginLogin();
    const response = key.get(login.options.challenge);
    const sent = await Promise.all(Array.from({ length: 8 }, () => answerLogin(login.challenge_id, response)));
    expect(sent.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 404)]);

    const challenges = await Promise.all(Array.from({ length: 8 }, () => beginLogin()));
    const [first, ...copies] = challenges.map(({ challenge_id, options }, index) => ({
      challenge_id,
      response: key.get(options.challenge, { advance: index === 0 ? 1 : 0 }),
    }));
    const atOnce = await Promise.all([first, ...copies].map((copy) => answerLogin(copy?.challenge_id ?? "", copy?.response)));
    expect(atOnce.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 401)]);
  });
});
