import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { PlainError } from "./plain-error.ts";
import { writePrivateJson } from "./private-file.ts";

/** What a local system needs and what stands in Secrets Manager elsewhere. Made once, at the first start. */
export interface LocalSecrets {
  readonly superuserPassword: string;
  readonly ownerPassword: string;
  readonly appPassword: string;
  readonly redisPassword: string;
  /** Values of the app's variables of the same names. */
  readonly app: Readonly<
    Record<
      "JWT_KEYS" | "RECEIPT_KEYS" | "CARD_PEPPER" | "LOG_PEPPER" | "SEAL_KEY" | "GATEWAY_KEY_SECRET" | "GATEWAY_WEBHOOK_SECRET",
      string
    >
  >;
}

export function readOrMakeSecrets(file: string): LocalSecrets {
  const known = readSecrets(file);
  if (known) return known;
  const made = makeSecrets();
  mkdirSync(path.dirname(file), { recursive: true });
  writePrivateJson(file, made);
  return made;
}

export function readSecrets(file: string): LocalSecrets | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LocalSecrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new PlainError(`${file} cannot be read as JSON: restore a backup, or begin again with \`npm start -- --fresh\`.`);
  }
}

export function makeSecrets(): LocalSecrets {
  return {
    superuserPassword: randomWord(),
    ownerPassword: randomWord(),
    appPassword: randomWord(),
    redisPassword: randomWord(),
    app: {
      JWT_KEYS: JSON.stringify({ keys: [makeTokenKey()] }),
      RECEIPT_KEYS: JSON.stringify({ keys: [makeReceiptKey()] }),
      CARD_PEPPER: randomWord(),
      LOG_PEPPER: randomWord(),
      SEAL_KEY: randomWord(),
      GATEWAY_KEY_SECRET: randomWord(),
      GATEWAY_WEBHOOK_SECRET: randomWord(),
    },
  };
}

/** A password or a pepper. */
export const randomWord = () => randomBytes(32).toString("base64url");
const keyId = (use: string) => `${use}-${randomBytes(6).toString("hex")}`;

export function makeTokenKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: keyId("token"), alg: "RS256", use: "sig" };
}

export function makeReceiptKey() {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { ...privateKey.export({ format: "jwk" }), kid: keyId("receipt"), alg: "EdDSA", use: "sig" };
}
