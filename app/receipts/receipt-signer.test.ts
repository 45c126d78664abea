import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { expect, test } from "vitest";
import { createReceiptSigner } from "./receipt-signer.ts";

const jwk = (kid: string, type: "ed25519" | "ec" = "ed25519") => {
  const { privateKey } = type === "ec" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  return { ...privateKey.export({ format: "jwk" }), kid };
};
const signerOf = (...keys: object[]) => {
  const secret = async () => JSON.stringify({ keys });
  return createReceiptSigner({ secrets: { get: secret, fresh: secret } });
};

test("a receipt's bytes are the same at every call, at every process that has the key, also after a rotation", async () => {
  const [first, second] = [jwk("receipt-1"), jwk("receipt-2")];
  const payload = JSON.stringify({ version: 1, amount_minor: 5_900 });
  const before = signerOf(first);
  const jws = await before.sign(payload, await before.keyId());
  const rotated = signerOf(second, first);
  expect(await rotated.keyId()).toBe("receipt-2");
  expect(await rotated.sign(payload, "receipt-1")).toBe(jws);
  const [header = "", body = "", signature = ""] = jws.split(".");
  expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({ alg: "EdDSA", typ: "campus-receipt+jws", kid: "receipt-1" });
  const [, published] = await rotated.publicKeys();
  const key = createPublicKey({ key: { ...published }, format: "jwk" });
  expect(verify(null, Buffer.from(`${header}.${body}`), key, Buffer.from(signature, "base64url"))).toBe(true);
});

test("a key without its private half verifies and does not sign; nothing private is published", async () => {
  const { d, ...open } = jwk("receipt-1") as { d?: string };
  const signer = signerOf(jwk("receipt-2"), open);
  await expect(signer.sign("{}", "receipt-1")).rejects.toThrow("does not have the receipt key receipt-1");
  expect((await signer.publicKeys()).map(({ kid }) => kid)).toEqual(["receipt-2", "receipt-1"]);
  expect(JSON.stringify(await signer.publicKeys())).not.toContain('"d"');
  await expect(signerOf(open).keyId()).rejects.toThrow("first key is a private Ed25519 key");
  await expect(signerOf(jwk("receipt-3", "ec")).keyId()).rejects.toThrow("must be an Ed25519 key");
  expect(d).toBeDefined();
});

test("a receipt of a key that came since this process looked is signed and found genuine at once; a key that never was is asked for once in ten seconds", async () => {
  const [older, newer] = [jwk("receipt-1"), jwk("receipt-2")];
  const other = signerOf(newer, older);
  const jws = await other.sign("{}", "receipt-2");
  let asked = 0;
  const get = async () => JSON.stringify({ keys: asked === 0 ? [older] : [newer, older] });
  const fresh = async () => {
    asked += 1;
    return get();
  };
  const behind = () => createReceiptSigner({ secrets: { get, fresh } });
  expect(await behind().sign("{}", "receipt-2")).toBe(jws);
  asked = 0;
  const signer = behind();
  expect((await signer.publicKeys()).map(({ kid }) => kid)).toEqual(["receipt-1"]);
  expect((await signer.publicKeys("receipt-2")).map(({ kid }) => kid)).toEqual(["receipt-2", "receipt-1"]);
  for (let attempt = 0; attempt < 5; attempt += 1) await signer.publicKeys(`stray-${attempt}`);
  expect(asked).toBe(1);
  const cutOff = createReceiptSigner({
    secrets: { get: async () => JSON.stringify({ keys: [older] }), fresh: () => Promise.reject(new Error("away")) },
  });
  await expect(cutOff.sign("{}", "receipt-2")).rejects.toThrow("does not have the receipt key receipt-2");
});
