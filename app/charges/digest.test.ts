import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Agreement, digestOf } from "../testing/digest.ts";
import { signatureFits } from "./digest.ts";

const vectors: readonly (readonly [Agreement, string])[] = [
  [
    {
      digestVersion: 1,
      chargeId: "0192f0c1-9b1e-7c3a-8f00-5a1d2c3b4e5f",
      orderId: "0192f0c1-0000-7000-8000-000000000001",
      orderVersion: 1,
      cafeId: "0192f0c1-0000-7000-8000-0000000000c1",
      deviceId: "0192f0c1-0000-7000-8000-0000000000d1",
      amountMinor: 5900,
      currency: "SEK",
      nonce: "00112233445566778899aabbccddeeff",
      expiresAtMs: 1795000000000,
    },
    "H3cb4uwW9t5__B2NHbC9VRGinFFLuFKVRIhqsU2hdJU",
  ],
  [
    {
      digestVersion: 1,
      chargeId: "0192f0c1-9b1e-7c3a-8f00-5a1d2c3b4e5f",
      orderId: "0192f0c1-0000-7000-8000-000000000001",
      orderVersion: 2,
      cafeId: "0192f0c1-0000-7000-8000-0000000000c1",
      deviceId: "0192f0c1-0000-7000-8000-0000000000d1",
      amountMinor: 6400,
      currency: "SEK",
      nonce: "00112233445566778899aabbccddeeff",
      expiresAtMs: 1795000000000,
    },
    "Foz6Ctr2XL3WVlhP33ZD8fGbBYlIjzvFqKupoWUy3Wc",
  ],
  [
    {
      digestVersion: 1,
      chargeId: "0192f0c1-9b1e-7c3a-8f00-5a1d2c3b4e60",
      orderId: "0192f0c1-0000-7000-8000-000000000002",
      orderVersion: 1,
      cafeId: "0192f0c1-0000-7000-8000-0000000000c2",
      deviceId: "0192f0c1-0000-7000-8000-0000000000d2",
      amountMinor: 1,
      currency: "EUR",
      nonce: "ffffffffffffffffffffffffffffffff",
      expiresAtMs: 1795000000001,
    },
    "gGvPgy6u2UcisjLy3IwspkLflmHDZGgfK3jNpm0orqU",
  ],
];

describe("the digest of what a student agrees to", () => {
  test.each(vectors)("stays as the documents print it", (agreement, digest) => {
    expect(digestOf(agreement)).toBe(digest);
  });

  test("changes with each of its fields", () => {
    const [agreement] = vectors[0] ?? [];
    if (!agreement) throw new Error("no vector");
    const changed = Object.entries(agreement).map(([field, value]) =>
      digestOf({ ...agreement, [field]: typeof value === "number" ? value + 1 : `${value}0` }),
    );
    expect(new Set([digestOf(agreement), ...changed]).size).toBe(11);
  });
});

describe("a phone's signature", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const digest = vectors[0]?.[1] ?? "";
  const signature = sign("sha256", Buffer.from(digest), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");

  test("fits its own digest and key", () => {
    expect(signatureFits(digest, signature, spki)).toBe(true);
  });

  test("fits no other digest, no other key, and nothing that is no signature", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "der" });
    expect(signatureFits(vectors[1]?.[1] ?? "", signature, spki)).toBe(false);
    expect(signatureFits(digest, signature, other)).toBe(false);
    expect(signatureFits(digest, "AAAA", spki)).toBe(false);
  });
});
