import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readOrMakeSecrets } from "./secrets.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "campus-secrets-"));
  file = path.join(folder, "home", "secrets.json");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("secrets are made once, differ from each other, and only their owner may read them", () => {
  const made = readOrMakeSecrets(file);
  expect(readOrMakeSecrets(file)).toEqual(made);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const values = [made.superuserPassword, made.ownerPassword, made.appPassword, made.redisPassword, ...Object.values(made.app)];
  expect(new Set(values).size).toBe(values.length);
  for (const name of ["CARD_PEPPER", "LOG_PEPPER", "SEAL_KEY"] as const) expect(Buffer.from(made.app[name], "base64url")).toHaveLength(32);
});

test.each([
  ["JWT_KEYS", "RS256", { kty: "RSA" }],
  ["RECEIPT_KEYS", "EdDSA", { kty: "OKP", crv: "Ed25519" }],
] as const)("%s is a JWK set whose %s key signs what its public half verifies", (name, alg, shape) => {
  const { keys } = JSON.parse(readOrMakeSecrets(file).app[name]);
  expect(keys).toEqual([expect.objectContaining({ ...shape, alg, use: "sig", kid: expect.stringMatching(/^\w+-[0-9a-f]{12}$/) })]);
  const key = createPrivateKey({ key: keys[0], format: "jwk" });
  const message = Buffer.from("message");
  const hash = alg === "EdDSA" ? null : "sha256";
  expect(verify(hash, message, createPublicKey(key), sign(hash, message, key))).toBe(true);
});

test("a damaged file is refused in one line and never overwritten", () => {
  readOrMakeSecrets(file);
  writeFileSync(file, "{");
  expect(() => readOrMakeSecrets(file)).toThrow(/^[^\n]*secrets\.json cannot be read as JSON: [^\n]*$/);
});
