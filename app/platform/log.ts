import { createHmac } from "node:crypto";
import pino from "pino";

export type Logger = pino.Logger;

interface LogOptions {
  readonly level: string;
  readonly pepper: string;
  readonly base: Readonly<Record<string, string>>;
  readonly write?: (line: string) => void;
}

// Fields whose value never appears in a log line, wherever they stand in the logged object.
const maskedFields = new Set([
  ...["authorization", "cookie", "set_cookie", "token", "access_token", "refresh_token", "push_token", "csrf_token", "jwt"],
  ...["password", "password_hash", "otp", "otp_hash", "secret", "key", "key_hash", "pepper", "signature", "private_key"],
  ...["card_uid", "uid", "name", "full_name", "email", "address", "delivery_address", "special_instructions", "student_label"],
]);

const phonePattern = /(?<![\w.])\+[1-9]\d{7,14}\b/g;
const jwtPattern = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g;
const bearerPattern = /\b(Bearer|Device)\s+[\w.~+/=-]{8,}/g;
const tokenQueryPattern = /([?&](?:token|access_token)=)[^&\s"]+/g;
const maxDepth = 6;

/**
 * JSON lines on standard output. Two nets, because one always has a hole: fields are masked by their name,
 * and every finished line is searched for phone numbers and tokens (a PostgreSQL error quotes the row it refused).
 * A phone becomes a keyed hash, so that the lines of one person can be joined without knowing whose they are.
 */
export function createLog(options: LogOptions): Logger {
  const hashPhone = phoneHasher(options.pepper);
  const maskLine = (line: string) =>
    line
      .replace(phonePattern, hashPhone)
      .replace(jwtPattern, "[token]")
      .replace(bearerPattern, "$1 [token]")
      .replace(tokenQueryPattern, "$1[token]");
  const destination = options.write ? { write: options.write } : pino.destination({ fd: 1, sync: false, minLength: 0 });
  return pino(
    {
      level: options.level,
      base: options.base,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (entry) => maskFields(entry, 0) as Record<string, unknown> },
      hooks: { streamWrite: maskLine },
    },
    destination,
  );
}

export function phoneHasher(pepper: string): (phone: string) => string {
  return (phone) => `phone:${createHmac("sha256", pepper).update(phone).digest("base64url").slice(0, 16)}`;
}

function maskFields(value: unknown, depth: number): unknown {
  if (depth > maxDepth) return "[deep]";
  if (value instanceof Error) return maskFields(errorFields(value), depth);
  if (value instanceof Date || value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => maskFields(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([field, held]) => [field, isMasked(field) ? "[masked]" : maskFields(held, depth + 1)]),
  );
}

const isMasked = (field: string) => maskedFields.has(field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll("-", "_"));

function errorFields(error: Error): Record<string, unknown> {
  const code = (error as { code?: unknown }).code;
  const constraint = (error as { constraint?: unknown }).constraint;
  return {
    type: error.constructor.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint }),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  };
}
