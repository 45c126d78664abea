import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { CodedError } from "../platform/errors.ts";

/** What a phone signs to show that it holds the private key. */
export const confirmKeyChallenge = (studentId: string, publicKey: string): string =>
  ["campuspay.v1", "confirm-key", studentId, publicKey].join("\n");

/** The SPKI bytes of a P-256 key whose private half signed the challenge. Throws VALIDATION_ERROR or INVALID_SIGNATURE. */
export function provenKey(studentId: string, publicKey: string, proof: string): Buffer {
  const spki = Buffer.from(publicKey, "base64url");
  const key = readKey(spki);
  if (!key) throw new CodedError("VALIDATION_ERROR", "public_key must be the SPKI of a P-256 public key, base64url.");
  const challenge = Buffer.from(confirmKeyChallenge(studentId, publicKey));
  const isProven = verify("sha256", challenge, { key, dsaEncoding: "ieee-p1363" }, Buffer.from(proof, "base64url"));
  if (!isProven) throw new CodedError("INVALID_SIGNATURE", "The proof was not made with this key's private half.");
  return spki;
}

/** Only the one canonical form, so that a key is the same key whenever its bytes are. */
function readKey(spki: Buffer): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: spki, format: "der", type: "spki" });
    const isP256 = key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
    return isP256 && key.export({ format: "der", type: "spki" }).equals(spki) ? key : undefined;
  } catch {
    return undefined;
  }
}
