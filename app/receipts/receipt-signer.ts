import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, sign } from "node:crypto";
import type { Platform } from "../platform/context.ts";
import { unavailable } from "../platform/errors.ts";

/**
 * Signs receipts (Ed25519, JWS EdDSA, compact). The same payload and key give the same bytes at every call, so a signature is
 * never stored: the debit writes which key signs. A key whose private half is gone still verifies what it signed.
 */
export interface ReceiptSigner {
  /** Of the key that signs new receipts. */
  keyId(): Promise<string>;
  sign(payload: string, keyId: string): Promise<string>;
  /** With the key `wanted` among them, also where it came since this process last looked. */
  publicKeys(wanted?: string): Promise<readonly PublicReceiptKey[]>;
}

export interface PublicReceiptKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly alg: "EdDSA";
  readonly use: "sig";
  readonly [member: string]: unknown;
}

type Jwk = JsonWebKey & { readonly kid?: string };

interface SigningKey {
  readonly header: string;
  readonly key: KeyObject;
}

interface Keys {
  readonly text: string;
  readonly first: string;
  readonly signing: ReadonlyMap<string, SigningKey>;
  readonly published: readonly PublicReceiptKey[];
}

const retryAfterSeconds = 10;
/** Anybody may name a key that never was: Secrets Manager is asked for those no more often. */
const askAgainMs = retryAfterSeconds * 1000;
export const receiptType = "campus-receipt+jws";

/** Where the keys come from: JWK sets change at a rotation. */
interface Keeper {
  readonly secrets: Pick<Platform["secrets"], "get" | "fresh">;
}

export function createReceiptSigner({ secrets }: Keeper): ReceiptSigner {
  let keys: Keys | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  const read = (text: string): Keys => {
    if (keys?.text !== text) keys = parseKeys(text);
    return keys;
  };
  const current = async (): Promise<Keys> => read(await secrets.get("RECEIPT_KEYS"));
  /** Another process may sign with a key that was made after this one looked. */
  const having = async (keyId: string): Promise<Keys> => {
    const known = await current();
    if (known.published.some(({ kid }) => kid === keyId) || performance.now() < askedAtMs + askAgainMs) return known;
    askedAtMs = performance.now();
    return secrets.fresh("RECEIPT_KEYS").then(read, () => known);
  };
  return {
    keyId: async () => (await current()).first,
    async sign(payload, keyId) {
      const found = (await having(keyId)).signing.get(keyId);
      if (!found) throw unavailable(`This process does not have the receipt key ${keyId}.`, undefined, retryAfterSeconds);
      const input = `${found.header}.${Buffer.from(payload).toString("base64url")}`;
      return `${input}.${sign(null, Buffer.from(input), found.key).toString("base64url")}`;
    },
    publicKeys: async (wanted) => (await (wanted === undefined ? current() : having(wanted))).published,
  };
}

function parseKeys(text: string): Keys {
  const set = JSON.parse(text) as { keys?: Jwk[] };
  const jwks = set.keys ?? [];
  const published = jwks.map(publicPart);
  const [first] = published;
  if (!first || !jwks[0]?.d) throw new Error("RECEIPT_KEYS must be a JWK set whose first key is a private Ed25519 key with a kid.");
  const signing = jwks.filter(({ d }) => d).map((jwk) => [String(jwk.kid), signingKey(jwk)] as const);
  return { text, first: first.kid, signing: new Map(signing), published };
}

const signingKey = (jwk: Jwk): SigningKey => ({
  header: Buffer.from(JSON.stringify({ alg: "EdDSA", typ: receiptType, kid: jwk.kid })).toString("base64url"),
  key: createPrivateKey({ key: jwk, format: "jwk" }),
});

function publicPart({ d: _private, ...open }: Jwk): PublicReceiptKey {
  const isOurs = open.kty === "OKP" && open.crv === "Ed25519" && open.kid;
  const { x } = isOurs ? createPublicKey({ key: open, format: "jwk" }).export({ format: "jwk" }) : {};
  if (!x || !open.kid) throw new Error("Every key of RECEIPT_KEYS must be an Ed25519 key with a kid.");
  return { kty: "OKP", crv: "Ed25519", x, kid: open.kid, alg: "EdDSA", use: "sig" };
}
