import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { type Holder, readAccessToken, signAccessToken } from "./access-token.ts";
import { openIdentity } from "./identity.ts";
import { afterLook, type Keyring, parseKeyring } from "./keyring.ts";
import { createTokenCache } from "./token-cache.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

const issuer = "http://127.0.0.1:8080";
const nobody: Holder = { kind: "student", id: "00000000-0000-8000-8000-000000000001", sessionId: "00000000-0000-8000-8000-000000000002" };

const newKey = (kid: string) => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  return { secret: jwk(privateKey, kid), public: jwk(publicKey, kid) };
};
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" });
const keyring = (...keys: readonly object[]): Keyring => parseKeyring(JSON.stringify({ keys }));
const signed = (ring: Keyring, more: Partial<{ issuer: string; lifeSeconds: number; nowMs: number }> = {}) =>
  signAccessToken(ring, nobody, { issuer, lifeSeconds: 60, nowMs: Date.now(), ...more });
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part: string | undefined) => JSON.parse(Buffer.from(part ?? "", "base64url").toString()) as Record<string, unknown>;

test("an access token says who, in which role, since when and until when", async () => {
  const cafe = await campus.cafe();
  const [student, owner] = [await campus.student(), await campus.staff("owner", cafe)];
  const nowSeconds = Math.floor(Date.now() / 1000);
  const [header, payload] = student.token.split(".");
  expect(decode(header)).toEqual({ alg: "RS256", typ: "JWT", kid: "token-1" });
  const claims = decode(payload);
  expect(claims).toEqual({
    iss: issuer,
    aud: `${issuer}/api`,
    sub: student.id,
    kind: "student",
    role: "student",
    cafe_id: null,
    sid: student.sessionId,
    iat: expect.any(Number),
    exp: Number(claims.iat) + 3_600,
    jti: expect.any(String),
  });
  expect(Math.abs(Number(claims.iat) - nowSeconds)).toBeLessThan(30);
  expect(decode(owner.token.split(".")[1])).toMatchObject({ kind: "staff", role: "owner", cafe_id: cafe.id, sub: owner.id });
});

test("an expired token is told apart from a wrong one", async () => {
  const ring = parseKeyring(campus.env.JWT_KEYS ?? "");
  const token = signed(ring, { nowMs: Date.now() - 120_000 });
  for (const _ of [1, 2])
    expect(await campus.api("GET", "/users/me", { token })).toMatchObject({ status: 401, body: { error: { code: "TOKEN_EXPIRED" } } });
});

test("a token that was good is refused once it has expired, though its signature is cached", async () => {
  const ring = parseKeyring(campus.env.JWT_KEYS ?? "");
  const token = signed(ring, { lifeSeconds: 1, nowMs: Date.now() });
  const { identity } = campus.processes[0];
  expect(identity.verifyAccessToken(token)).toEqual(nobody);
  await expect
    .poll(
      () => {
        try {
          return identity.verifyAccessToken(token);
        } catch (error) {
          return (error as { code?: string }).code;
        }
      },
      { timeout: 5_000 },
    )
    .toBe("TOKEN_EXPIRED");
});

test("forged and malformed tokens are refused", async () => {
  const student = await campus.student();
  const [header = "", payload = "", signature = ""] = student.token.split(".");
  const ring = parseKeyring(campus.env.JWT_KEYS ?? "");
  const stranger = keyring(newKey("token-1").secret);
  const changed = encode({ ...decode(payload), sub: nobody.id });
  const hmac = `${encode({ alg: "HS256", typ: "JWT", kid: "token-1" })}.${payload}`;
  const publicPem = ring.verifiers.get("token-1")?.export({ format: "pem", type: "spki" }) as string;
  const forged = {
    "changed payload": `${header}.${changed}.${signature}`,
    "no signature": `${header}.${payload}.`,
    "alg none": `${encode({ alg: "none", kid: "token-1" })}.${payload}.AAAA`,
    "HMAC with the public key": `${hmac}.${createHmac("sha256", publicPem).update(hmac).digest("base64url")}`,
    "another key of the same name": signed(stranger),
    "another issuer": signed(ring, { issuer: "http://elsewhere" }),
    "two parts": `${header}.${payload}`,
    "four parts": `${student.token}.AAAA`,
    "no JSON": "AAAA.BBBB.CCCC",
    "null header": `${encode(null)}.${payload}.${signature}`,
  };
  for (const [what, token] of Object.entries(forged))
    expect(await campus.api("GET", "/users/me", { token }), what).toMatchObject({
      status: 401,
      body: { error: { code: "INVALID_TOKEN" } },
    });
  for (const authorization of ["", "Bearer", "Bearer  ", "Basic YTpi", student.token, `Device ${student.id}.${"A".repeat(43)}`])
    expect(await campus.api("GET", "/users/me", { authorization }), authorization).toMatchObject({
      status: 401,
      body: { error: { code: "INVALID_TOKEN" } },
    });
});

test("during a rotation tokens of the old key and of the new key are both good", () => {
  const [old, next] = [newKey("old"), newKey("next")];
  const before = keyring(old.secret, next.public);
  const after = keyring(next.secret, old.public);
  for (const token of [signed(before), signed(after)])
    for (const ring of [before, after]) expect(readAccessToken(ring, issuer, token)?.holder).toEqual(nobody);
  expect(readAccessToken(keyring(next.secret), issuer, signed(before))).toBeUndefined();
});

test("a new key checks at the first look and signs at the second; one that was taken away signs no more", () => {
  const [older, newer] = [newKey("token-1").secret, newKey("token-2").secret];
  const rotated = keyring(newer, older);
  const first = afterLook(keyring(older), rotated);
  expect([first.signer.kid, ...first.verifiers.keys()]).toEqual(["token-1", "token-2", "token-1"]);
  const second = afterLook(first, rotated);
  expect(second.signer.kid).toBe("token-2");
  expect(afterLook(keyring(older), keyring(newer)).signer.kid).toBe("token-2");
  expect([...afterLook(second, keyring(newer)).verifiers.keys()]).toEqual(["token-2"]);
});

test("a token of a key that was made since this process looked is good at the next try, and strangers' keys are not asked for again and again", async () => {
  const [older, newer] = [newKey("token-1").secret, newKey("token-2").secret];
  const { platform } = campus.processes[0];
  let asked = 0;
  const secrets = {
    has: platform.secrets.has,
    get: async () => JSON.stringify({ keys: [older] }),
    fresh: async () => {
      asked += 1;
      return JSON.stringify({ keys: [newer, older] });
    },
  };
  const identity = await openIdentity({ ...platform, config: { ...platform.config, PUBLIC_URL: issuer }, secrets });
  const verify = (token: string) => () => identity.verifyAccessToken(token);
  const token = signed(keyring(newer, older));
  expect(verify("no.token.atall")).toThrow("not valid");
  expect(asked).toBe(0);
  expect(verify(token)).toThrow("not valid");
  await vi.waitFor(() => expect(verify(token)()).toEqual(nobody));
  for (const kid of ["stray-1", "stray-2"]) expect(verify(signed(keyring(newKey(kid).secret)))).toThrow("not valid");
  expect(asked).toBe(1);
  identity.end();
});

test("only public members of the keys are published", () => {
  const [first, second] = [newKey("first"), newKey("second")];
  const { published } = keyring(first.secret, second.public);
  expect(published.map(({ kid }) => kid)).toEqual(["first", "second"]);
  for (const key of published) expect(Object.keys(key).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
});

test.each([
  ["no key", { keys: [] }, /holds no key/],
  ["a public key first", { keys: [newKey("a").public] }, /no private part/],
  ["a key without a name", { keys: [{ ...newKey("a").secret, kid: undefined }] }, /has no kid/],
  ["a short key", { keys: [jwk(generateKeyPairSync("rsa", { modulusLength: 1_024 }).privateKey, "short")] }, /not an RSA key of 2048 bits/],
  ["an EC key", { keys: [jwk(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "ec")] }, /not an RSA key/],
])("a secret JWT_KEYS with %s is refused in one clear line", (_, secret, message) => {
  expect(() => parseKeyring(JSON.stringify(secret))).toThrow(message);
});

test("the cache of verified tokens forgets the least recently used one and never grows past its limit", () => {
  const cache = createTokenCache(2);
  const verified = { holder: nobody, expiresAtMs: 0 };
  cache.set("a", verified);
  cache.set("b", verified);
  cache.get("a");
  cache.set("c", verified);
  expect(["a", "b", "c"].map((token) => cache.get(token) !== undefined)).toEqual([true, false, true]);
});
