import { execFile } from "node:child_process";
import path from "node:path";
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, describe, expect, test } from "vitest";
import { parseKeyring } from "../../app/identity/keyring.ts";
import { startS3World } from "../../app/testing/s3-world.ts";
import { nextValue, withoutOldKeys } from "./values.ts";

const given = (next: ReturnType<typeof nextValue>): string => {
  if ("refused" in next) throw new Error(next.refused);
  return next.value;
};
const keyIds = (value: string) => (JSON.parse(value) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

test("a new signing key comes first and the old ones stay; the app reads the ring and signs with the new one", () => {
  const first = given(nextValue("JWT_KEYS", undefined));
  const second = given(nextValue("JWT_KEYS", first));
  expect(keyIds(second)).toEqual([expect.not.stringMatching(keyIds(first)[0] as string), ...keyIds(first)]);
  const ring = parseKeyring(second);
  expect(ring.signer.kid).toBe(keyIds(second)[0]);
  expect([...ring.verifiers.keys()]).toEqual(keyIds(second));
});

test("old keys of tokens go a day after the new one came, and no key of receipts ever does", () => {
  const ring = given(nextValue("JWT_KEYS", given(nextValue("JWT_KEYS", undefined))));
  expect(withoutOldKeys("JWT_KEYS", ring, 23 * 3_600_000)).toEqual({ refused: expect.stringContaining("23 h old") });
  expect(keyIds(given(withoutOldKeys("JWT_KEYS", ring, 86_400_000)))).toEqual(keyIds(ring).slice(0, 1));
  const receipts = given(nextValue("RECEIPT_KEYS", given(nextValue("RECEIPT_KEYS", undefined))));
  expect(withoutOldKeys("RECEIPT_KEYS", receipts, 86_400_000)).toEqual({ refused: expect.stringContaining("jwt-keys") });
});

test("what others or more than one place must change gets a first value and no other", () => {
  expect(given(nextValue("CARD_PEPPER", undefined))).toHaveLength(43);
  expect(nextValue("CARD_PEPPER", "pepper")).toEqual({ refused: expect.stringContaining("every issued card") });
  expect(nextValue("DATABASE_PASSWORD", "word")).toEqual({ refused: expect.stringContaining("the role's password") });
  expect(nextValue("SMS_PROVIDER_TOKEN", undefined)).toEqual({ refused: expect.stringContaining("the SMS provider makes it") });
});

const world = await startS3World();
afterAll(() => world?.stop());

describe.skipIf(world === undefined)("npm run rotate", () => {
  const client = (region: string) => new SecretsManagerClient({ region, endpoint: world?.env.S3_URL as string });
  const read = async (region: string, SecretId: string) =>
    (await client(region).send(new GetSecretValueCommand({ SecretId }))).SecretString;
  const rotate = (...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> =>
    new Promise((resolve) => {
      const env = { ...process.env, AWS_ENDPOINT_URL: world?.env.S3_URL };
      execFile(process.execPath, [path.join(import.meta.dirname, "../rotate.ts"), ...args], { env }, (error, output, errors) =>
        resolve({ code: error ? Number(error.code) : 0, said: `${output}${errors}` }),
      );
    });

  test("an empty secret gets its first value, which the other region has too; said again nothing is done, and no value is shown", async () => {
    const Name = "campus-pilot/jwt-keys";
    await client("eu-north-1").send(new CreateSecretCommand({ Name, AddReplicaRegions: [{ Region: "eu-south-1" }] }));
    expect(await rotate("pilot", "jwt-keys", "--dry-run")).toMatchObject({ code: 0, said: expect.stringContaining("would get its first") });
    const made = await rotate("pilot", "jwt-keys");
    expect(made).toMatchObject({ code: 0, said: expect.stringContaining("has its first value") });
    expect(made.said).toContain("eu-south-1 has it");
    const value = (await read("eu-north-1", Name)) ?? "";
    expect(parseKeyring(value).verifiers.size).toBe(1);
    expect(await read("eu-south-1", Name)).toBe(value);
    const again = await rotate("pilot", "jwt-keys");
    expect(again).toMatchObject({ code: 0, said: expect.stringContaining("nothing done") });
    expect(await read("eu-north-1", Name)).toBe(value);
    expect(await rotate("pilot", "jwt-keys", "--again")).toMatchObject({ code: 0, said: expect.stringContaining("has its next value") });
    expect(keyIds((await read("eu-south-1", Name)) ?? "")).toEqual([expect.any(String), ...keyIds(value)]);
    expect(made.said + again.said).not.toContain((JSON.parse(value) as { keys: { d: string }[] }).keys[0]?.d);
  }, 180_000);

  test("what cannot be done is one line that says why", async () => {
    const missing = await rotate("pilot", "seal-key");
    expect(missing).toMatchObject({ code: 1, said: expect.stringContaining("there is no secret campus-pilot/seal-key") });
    const unknown = await rotate("pilot", "nonsense");
    expect(unknown).toMatchObject({ code: 2, said: expect.stringMatching(/there is no secret "nonsense": give one of .*jwt-keys/) });
    const early = await rotate("pilot", "jwt-keys", "--retire");
    expect(early).toMatchObject({ code: 1, said: expect.stringContaining("the new key is 0 h old") });
  }, 180_000);
});
