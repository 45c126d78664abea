import { generateKeyPairSync, sign, verify } from "node:crypto";
import { expect, test } from "vitest";
import { rawSignature } from "./receipt-signer.ts";

test("a signature as JWS wants it is the one that was made, also where a number begins with zeros", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const lengths = new Set<number>();
  for (let turn = 0; turn < 2_000; turn += 1) {
    const text = Buffer.from(`receipt ${turn}`);
    const der = sign("sha256", text, privateKey);
    lengths.add(der.length);
    expect(verify("sha256", text, { key: publicKey, dsaEncoding: "ieee-p1363" }, rawSignature(der))).toBe(true);
  }
  expect(lengths.size).toBeGreaterThan(3);
});
