import { createStore, get, set } from "idb-keyval";
import { profileClient } from "../api/clients.ts";
import { unwrap } from "../api/request.ts";
import { studentFetch } from "./student.ts";

const keys = createStore("campus-confirm-key", "keys");
const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
const profile = profileClient(studentFetch);

const base64url = (bytes: ArrayBuffer): string => {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const signText = async (key: CryptoKey, text: string): Promise<string> =>
  base64url(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, new TextEncoder().encode(text)));

/** The phone's own key for this student, where it has one. Its private half cannot be read, by us neither. */
export async function confirmKeyOf(studentId: string): Promise<CryptoKeyPair | undefined> {
  try {
    return await get<CryptoKeyPair>(studentId, keys);
  } catch {
    return undefined;
  }
}

export async function signDigest(studentId: string, digest: string): Promise<string | undefined> {
  const pair = await confirmKeyOf(studentId);
  return pair && signText(pair.privateKey, digest);
}

export interface MadeKey {
  readonly publicKey: string;
  readonly proof: string;
}

/**
 * Makes a key, stores it, reads it back and signs with it before it is registered: a phone that cannot keep a key (a private
 * window, Lockdown Mode) learns it here, and not at the counter.
 */
export async function makeConfirmKey(studentId: string): Promise<MadeKey> {
  const made = (await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"])) as CryptoKeyPair;
  await set(studentId, made, keys);
  const pair = await get<CryptoKeyPair>(studentId, keys);
  if (!pair) throw new Error("This browser keeps no keys.");
  const publicKey = base64url(await crypto.subtle.exportKey("spki", pair.publicKey));
  const proof = await signText(pair.privateKey, ["campuspay.v1", "confirm-key", studentId, publicKey].join("\n"));
  return { publicKey, proof };
}

export const registerConfirmKey = ({ publicKey, proof }: MadeKey, otp?: string) =>
  unwrap(profile.users["confirm-keys"].$post({ json: { public_key: publicKey, proof, ...(otp === undefined ? {} : { otp }) } }));

export async function publicKeyHere(studentId: string): Promise<string | undefined> {
  const pair = await confirmKeyOf(studentId);
  return pair && base64url(await crypto.subtle.exportKey("spki", pair.publicKey));
}
