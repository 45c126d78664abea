import { generateKeyPairSync, randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Config, parseConfig } from "../platform/config.ts";

const secret = () => randomBytes(32).toString("base64url");

const keySet = (kid: string, alg: "RS256" | "EdDSA"): string => {
  const { privateKey } = alg === "RS256" ? generateKeyPairSync("rsa", { modulusLength: 2_048 }) : generateKeyPairSync("ed25519");
  return JSON.stringify({ keys: [{ ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" }] });
};

const secrets = {
  JWT_KEYS: keySet("token-1", "RS256"),
  RECEIPT_KEYS: keySet("receipt-1", "EdDSA"),
  CARD_PEPPER: secret(),
  LOG_PEPPER: secret(),
  SEAL_KEY: secret(),
  GATEWAY_KEY_SECRET: secret(),
  GATEWAY_WEBHOOK_SECRET: secret(),
};

/** For tests in which many wait for one row, or somebody for long: the wait is not what they test. */
export const patient = { DATABASE_LOCK_TIMEOUT_MS: "20000", DATABASE_STATEMENT_TIMEOUT_MS: "20000", REQUEST_TIMEOUT_MS: "20000" };

/** The environment that all processes of one test campus share; each gets its own port. */
export const testEnvironment = (own: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  CAMPUS_ENV: "sandbox",
  HOST: "127.0.0.1",
  PORT: "0",
  COOKIE_SECURE: "false",
  METRICS_EMF_SECONDS: "0",
  RATE_LIMIT_SCALE: "100",
  STAFF_SECOND_FACTOR: "optional",
  CLOSE_OUT_WAIT_SECONDS: "0",
  DRAIN_NOTICE_MS: "0",
  DRAIN_SECONDS: "1",
  OBJECT_FOLDER: path.join(tmpdir(), "campus-test-objects"),
  ...secrets,
  ...own,
});

export const testConfig = (environment: Readonly<Record<string, string>>): Config => parseConfig(environment);
