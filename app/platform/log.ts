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
// Written without separators: accessToken, access_token and Access-Token are one field.
const maskedFields = new Set([
  ...["authorization", "cookie", "setcookie", "token", "accesstoken", "refreshtoken", "pushtoken", "csrftoken", "jwt"],
  ...["password", "passwordhash", "otp", "otphash", "secret", "key", "keyhash", "pepper", "signature", "privatekey"],
  ...["carduid", "uid", "name", "fullname", "email", "address", "deliveryaddress", "specialinstructions", "studentlabel"],
]);
// The head of a CloudWatch metric line, which has a Name in it; embeddedMetric() makes it of our own words alone.
const metricHead = "_aws";

const phonePattern = /(?<![\w.])\+[1-9]\d{7,14}\b/g;
const jwtPattern = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g;
const bearerPattern = /\b(Bearer|Device)\s+[\w.~+/=-]{8,}/g;
const tokenQueryPattern = /([?&](?:token|access_token)=)[^&\s"]+/g;
const maxDepth = 6;
// As many as a CloudWatch metric line carries.
const maxListItems = 100;
// A system call a line was 8 % of a process's CPU under load; a fatal line and the end of the process write at once.
const batchBytes = 4096;
const batchMs = 100;

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
  const destination = options.write
    ? { write: options.write }
    : pino.destination({ fd: 1, sync: false, minLength: batchBytes, periodicFlush: batchMs });
  return pino(
    {
      level: options.level,
      base: options.base,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (entry) => maskFields(entry, 0) as Record<string, unknown> },
      // pino's own would put the causes' messages and the driver's fields back.
      serializers: { err: (error: unknown) => error },
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
  if (Array.isArray(value)) return value.slice(0, maxListItems).map((item) => maskFields(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([field, held]) => [
      field,
      isMasked(field) ? "[masked]" : field === metricHead ? held : maskFields(held, depth + 1),
    ]),
  );
}

const isMasked = (field: string) => maskedFields.has(field.toLowerCase().replace(/[_-]/g, ""));

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
