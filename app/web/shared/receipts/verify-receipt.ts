export interface ReceiptPayload {
  readonly receipt_id?: string;
  readonly order_number?: string;
  readonly order_id?: string;
  readonly cafe_id?: string;
  readonly amount_minor?: number;
  readonly total_minor?: number;
  readonly currency?: string;
  readonly paid_at?: string;
  readonly at?: string;
  readonly region?: string;
  readonly [claim: string]: unknown;
}

interface PublicKey extends JsonWebKey {
  readonly kid?: string;
}

export type Verdict =
  | { readonly kind: "genuine"; readonly payload: ReceiptPayload; readonly ms: number }
  | { readonly kind: "fake" }
  | { readonly kind: "unknown-key"; readonly payload: ReceiptPayload }
  | { readonly kind: "cannot" };

const storedKeys = "campus.receipt-keys";
const algorithms = {
  EdDSA: { key: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  ES256: { key: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
} as const;

const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
const jsonOf = (text: string): unknown => JSON.parse(new TextDecoder().decode(bytesOf(text)));

/** The campus's public keys: from the network when it is there, else those that were seen last. They are kept for ever. */
export async function receiptKeys(): Promise<readonly PublicKey[]> {
  try {
    const answer = await fetch("/.well-known/jwks.json");
    if (!answer.ok) throw new Error("No keys.");
    const { keys } = (await answer.json()) as { keys: PublicKey[] };
    localStorage.setItem(storedKeys, JSON.stringify(keys));
    return keys;
  } catch {
    try {
      return JSON.parse(localStorage.getItem(storedKeys) ?? "[]") as PublicKey[];
    } catch {
      return [];
    }
  }
}

/** True or false, in this page: the receipt's signature against the campus's public key, by the browser's own cryptography. */
export async function verifyReceipt(jws: string, keys: readonly PublicKey[]): Promise<Verdict> {
  const started = performance.now();
  const [header, body, signature, ...rest] = jws.trim().split(".");
  if (!header || !body || !signature || rest.length > 0) return { kind: "fake" };
  let payload: ReceiptPayload;
  let alg: string;
  let kid: string | undefined;
  try {
    ({ alg, kid } = jsonOf(header) as { alg: string; kid?: string });
    payload = jsonOf(body) as ReceiptPayload;
  } catch {
    return { kind: "fake" };
  }
  const used = algorithms[alg as keyof typeof algorithms];
  if (!used) return { kind: "fake" };
  const key = keys.find((known) => known.kid === kid);
  if (!key) return { kind: "unknown-key", payload };
  const { kty, crv, x, y } = key;
  try {
    const imported = await crypto.subtle.importKey(
      "jwk",
      { kty, crv, x, ...(y === undefined ? {} : { y }) } as JsonWebKey,
      used.key,
      false,
      ["verify"],
    );
    const fits = await crypto.subtle.verify(used.sign, imported, bytesOf(signature), new TextEncoder().encode(`${header}.${body}`));
    return fits ? { kind: "genuine", payload, ms: performance.now() - started } : { kind: "fake" };
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") return { kind: "cannot" };
    return { kind: "fake" };
  }
}
