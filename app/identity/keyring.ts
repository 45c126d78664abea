import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";

export interface PublicJwk {
  readonly kty: string;
  readonly kid: string;
  readonly alg: string;
  readonly use: "sig";
  readonly [member: string]: unknown;
}

/** The RS256 keys of access tokens. The first one signs, all verify; a rotation puts the next key first. */
export interface Keyring {
  readonly signer: { readonly kid: string; readonly key: KeyObject };
  readonly verifiers: ReadonlyMap<string, KeyObject>;
  readonly published: readonly PublicJwk[];
}

type ListedKey = JsonWebKey & { readonly kid?: unknown };

const leastModulusBits = 2_048;

/** Reads the secret JWT_KEYS: `{"keys": [JWK, …]}`. A key without its private part still verifies. */
export function parseKeyring(text: string): Keyring {
  const { keys } = JSON.parse(text) as { keys?: readonly ListedKey[] };
  const first = keys?.[0];
  if (!keys || !first) throw new Error('The secret JWT_KEYS holds no key: it must be {"keys": [ … ]}, the signing key first.');
  if (first.d === undefined)
    throw new Error("The first key of JWT_KEYS has no private part, so nothing can be signed: put the signing key first.");
  const verifiers = new Map(keys.map((jwk) => [kidOf(jwk), publicKey(jwk)]));
  return {
    signer: { kid: kidOf(first), key: createPrivateKey({ key: first, format: "jwk" }) },
    verifiers,
    published: [...verifiers].map(([kid, key]) => {
      const { n, e } = key.export({ format: "jwk" });
      return { kty: "RSA", kid, alg: "RS256", use: "sig", n, e };
    }),
  };
}

function kidOf({ kid }: ListedKey): string {
  if (typeof kid !== "string" || kid === "") throw new Error("A key of JWT_KEYS has no kid: give each key a name of its own.");
  return kid;
}

function publicKey(jwk: ListedKey): KeyObject {
  const key = createPublicKey({ key: jwk, format: "jwk" });
  if (key.asymmetricKeyType !== "rsa" || (key.asymmetricKeyDetails?.modulusLength ?? 0) < leastModulusBits)
    throw new Error(`The key ${kidOf(jwk)} of JWT_KEYS is not an RSA key of ${leastModulusBits} bits or more.`);
  return key;
}

/**
 * The ring after a look at the secret. A key that this process had not seen checks tokens at once and signs from the next look on: by then
 * every process has seen it. One that was taken away signs no more.
 */
export const afterLook = (current: Keyring, seen: Keyring): Keyring =>
  current.verifiers.has(seen.signer.kid) || !seen.verifiers.has(current.signer.kid) ? seen : { ...seen, signer: current.signer };
