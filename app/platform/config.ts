import { readFileSync } from "node:fs";
import { z } from "@hono/zod-openapi";
import { languages } from "./languages.ts";
import type { SecretSource } from "./secrets.ts";

/** One variable of the environment. docs/configuration.md and .env.example are generated from these. */
interface Variable<S extends z.ZodType = z.ZodType> {
  readonly schema: S;
  readonly about: string;
  readonly default?: string;
  readonly example?: string;
}

const variable = <S extends z.ZodType>(schema: S, about: string, more: { default?: string; example?: string } = {}): Variable<S> => ({
  schema,
  about,
  ...more,
});

const whole = (from: number, to: number) => z.coerce.number().int().min(from).max(to);
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
const someText = z.string().min(1);
const optionalText = someText.optional();

const firebaseWebApp = z.object({
  apiKey: someText,
  projectId: someText,
  appId: someText,
  messagingSenderId: someText,
  vapidKey: someText,
});

const webAppJson = z.string().transform((json, context) => {
  try {
    return firebaseWebApp.parse(JSON.parse(json));
  } catch {
    context.addIssue({ code: "custom", message: "must be JSON with apiKey, projectId, appId, messagingSenderId and vapidKey" });
    return z.NEVER;
  }
});

export const variables = {
  CAMPUS_ENV: variable(
    z.enum(["sandbox", "staging", "production"]),
    "Where this process runs: no default, so that a machine that was not told starts nothing. Demo data and the sandbox are impossible in production.",
    { example: "sandbox" },
  ),
  CAMPUS_CLOUD: variable(
    z.enum(["aws", "none"]),
    "none is one server without AWS (docs/guides/one-server.md): in production too its secrets come from its own files, pictures are kept in OBJECT_FOLDER, and there are no nightly tables.",
    { default: "aws" },
  ),
  CAMPUS_REGION: variable(z.string().regex(/^[a-z0-9-]{2,20}$/), "The region's name, as it stands in receipts and in /health.", {
    default: "local",
  }),
  CAMPUS_EPOCH: variable(whole(1, 1_000_000), "Raised by one at each failover; a receipt carries it.", { default: "1" }),
  CAMPUS_WRITER: variable(
    z
      .string()
      .regex(/^[a-z0-9-]{2,20}$/)
      .optional(),
    "The region that may write since the last failover. A process of another one only reads, whatever its database would take. Not set: no other region.",
    { example: "eu-south-1" },
  ),
  CAMPUS_VERSION: variable(z.string().min(1).max(80), "The running release, as /health says it.", { default: "dev" }),
  HOST: variable(z.string().min(1), "The address to listen on.", { default: "127.0.0.1" }),
  PORT: variable(whole(0, 65_535), "The port to listen on; 0 takes a free one.", { default: "8080" }),
  PUBLIC_URL: variable(z.url(), "The one public origin: issuer of tokens, base of links in QR codes.", {
    default: "http://127.0.0.1:8080",
  }),
  LOG_LEVEL: variable(z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]), "The least severe line that is written.", {
    default: "info",
  }),
  METRICS_EMF_SECONDS: variable(whole(0, 3_600), "How often the CloudWatch lines are written; 0 writes none.", { default: "60" }),
  SENTRY_DSN: variable(
    z.url().optional(),
    "Where unexpected errors are reported, masked like the log (any server that speaks Sentry's envelope format).",
    { example: "https://key@errors.example.org/1" },
  ),
  TRUSTED_PROXIES: variable(whole(0, 5), "How many proxies in front are ours: that many entries of X-Forwarded-For are believed.", {
    default: "0",
  }),
  CORS_ORIGINS: variable(list, "Origins, separated by commas, that may call from a browser. The own origin needs no entry.", {
    default: "",
  }),
  COOKIE_SECURE: variable(z.stringbool(), "Portal cookies travel over HTTPS only. Off is for plain HTTP on loopback.", { default: "true" }),
  BODY_LIMIT_BYTES: variable(whole(1_024, 10_485_760), "The largest JSON body; a route with another limit says so in the API document.", {
    default: "65536",
  }),
  REQUEST_TIMEOUT_MS: variable(whole(100, 120_000), "The longest a request may take before it is answered with 503.", { default: "10000" }),
  DRAIN_NOTICE_MS: variable(
    whole(0, 30_000),
    "How long SIGTERM still takes new connections while /ready says 503, so that whoever sends requests here learns to stop.",
    { default: "1000" },
  ),
  DRAIN_SECONDS: variable(whole(0, 60), "How long SIGTERM waits for requests under way.", { default: "30" }),

  DATABASE_URL: variable(z.string().regex(/^postgres(ql)?:\/\//), "PostgreSQL, without a password, as the application's role.", {
    default: "postgres://campus_app@127.0.0.1:5432/campus",
  }),
  DATABASE_CA: variable(optionalText, "The certificate authority (PEM) of the database; set it and TLS is verified."),
  DATABASE_CA_FILE: variable(optionalText, "The same, as a file of certificates: on a machine those of RDS, which are in the artifact."),
  DATABASE_POOL_SIZE: variable(
    whole(1, 100),
    "Connections of one process. Processes × pool × instances, doubled during a release, stays below max_connections.",
    { default: "10" },
  ),
  DATABASE_CONNECT_TIMEOUT_MS: variable(whole(100, 60_000), "The longest wait for a connection.", { default: "2000" }),
  DATABASE_STATEMENT_TIMEOUT_MS: variable(whole(100, 600_000), "statement_timeout of every session.", { default: "5000" }),
  DATABASE_LOCK_TIMEOUT_MS: variable(whole(100, 60_000), "lock_timeout of every session.", { default: "2000" }),
  DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: variable(whole(1_000, 600_000), "idle_in_transaction_session_timeout of every session.", {
    default: "10000",
  }),
  REPLICA_LAG_LIMIT_SECONDS: variable(
    whole(1, 86_400).optional(),
    "How far the replica of the database may be behind before /health is degraded; payments go on. Not set: no replica is expected. Below 15 one with little to do may look behind for a moment.",
  ),
  REDIS_URL: variable(z.string().regex(/^rediss?:\/\//), "Redis, without a password.", { default: "redis://127.0.0.1:6379" }),
  REDIS_CA: variable(optionalText, "The certificate authority (PEM) of Redis; set it and TLS is verified."),
  REDIS_TIMEOUT_MS: variable(whole(5, 1_000), "The longest that a request waits for Redis before it goes on without.", { default: "100" }),

  RATE_LIMIT_SCALE: variable(whole(1, 100_000), "All limits are multiplied by it; only the sandbox may raise it.", { default: "1" }),
  RATE_GENERAL_PER_MINUTE: variable(whole(1, 1_000_000), "Requests a minute of one student or member of staff.", { default: "100" }),
  RATE_STATUS_PER_MINUTE: variable(whole(1, 1_000_000), "Confirms and status reads a minute of one student.", { default: "300" }),
  RATE_DEVICE_PER_MINUTE: variable(whole(1, 1_000_000), "Requests a minute of one POS device.", { default: "600" }),
  RATE_ORDERS_PER_10_MINUTES: variable(
    whole(1, 1_000_000),
    "Orders that one student places in ten minutes, but for those that we were away for (503): each takes portions and a place in the kitchen's queue until it is paid or cancelled.",
    { default: "20" },
  ),
  RATE_PROMPTS_REFUSED_PER_10_MINUTES: variable(
    whole(1, 1_000_000),
    "Requests of one café to one student's phone that end declined or expired, in ten minutes; then no more are sent.",
    { default: "3" },
  ),
  RATE_PROMPTS_UNPAID_PER_10_MINUTES: variable(
    whole(1, 1_000_000),
    "The same for all that end without a payment, also voided and superseded ones.",
    { default: "10" },
  ),
  RATE_CARDS_REFUSED_PER_10_MINUTES: variable(
    whole(1, 1_000_000),
    "Cards that one café's terminals may scan in ten minutes without their being good; then all cards wait.",
    { default: "100" },
  ),
  DEVICES_PER_CAFE: variable(whole(1, 10_000), "POS devices of one café that are not revoked.", { default: "100" }),
  RATE_CAFE_REGISTRATIONS_PER_HOUR: variable(
    whole(1, 1_000_000),
    "Registrations of cafés in an hour, from everybody together; one network gets half.",
    {
      default: "40",
    },
  ),
  RATE_OTP_PER_10_MINUTES: variable(
    whole(1, 1_000_000),
    "One-time passwords for one phone in ten minutes; where that phone has logged in before they are counted apart.",
    { default: "3" },
  ),
  RATE_OTP_PER_DAY: variable(
    whole(1, 1_000_000),
    "One-time passwords in a day for a student's phone that are asked for from where it never logged in; as many from where it did, and as many codes for a deed that nobody used.",
    { default: "30" },
  ),
  OTP_STRANGERS_PER_MINUTE: variable(
    whole(1, 1_000_000),
    "One-time passwords a minute for phones that no student has, from everybody together.",
    {
      default: "60",
    },
  ),
  OTP_STRANGERS_PER_DAY: variable(
    whole(1, 10_000_000),
    "The same, in a day: what a day of pumped messages can cost. A network that wastes a twentieth of it gets half of what everybody shares.",
    { default: "3000" },
  ),
  OTP_STRANGERS_PER_PREFIX: variable(whole(1, 1_000_000), "The same, in ten minutes for numbers that begin alike (+467012).", {
    default: "30",
  }),
  OTP_COUNTRY_CODES: variable(
    z.string().regex(/^(\*|\d{1,3}(, ?\d{1,3})*)$/),
    "Countries whose phones may sign up by themselves, by calling code; a student whose phone the university knows gets codes anywhere. The first one is the campus's own: an admin's or a register's phone that begins with a single 0 is of it. * is everywhere, and no such phone is taken.",
    { default: "46,39" },
  ),

  PAY_OUT_TWO_PEOPLE_ABOVE_MINOR: variable(
    whole(0, 1_000_000_000_000),
    "Above this amount in minor units it takes two people of finance to pay a settlement. A close-out always does.",
    { default: "10000000" },
  ),
  REFUND_TWO_PEOPLE_ABOVE_MINOR: variable(
    whole(0, 1_000_000_000_000),
    "Above this amount in minor units it takes two people to give money of an order back, counting what was given back of it before; to let a customer have disputed money; and to dismiss debits that a failover lost, counting what the same person dismissed of it alone. 0: always.",
    { default: "1000000" },
  ),
  BULK_CREDIT_TWO_PEOPLE_ABOVE_MINOR: variable(
    whole(0, 1_000_000_000_000),
    "Above this amount in minor units it takes two people to credit a file of students. 0: always, as for an adjustment.",
    { default: "0" },
  ),
  CLOSE_OUT_WAIT_SECONDS: variable(
    whole(0, 2_592_000),
    "How long a student who asked for the rest of the wallet, or somebody in that name, can be stopped before finance may pay.",
    { default: "172800" },
  ),
  NEW_PHONE_WAIT_SECONDS: variable(
    whole(0, 2_592_000),
    "So long after the university entered another phone for a student, that phone gets no code that lets money out, a guard down or a key in, and the student no card; and so long after a card was given no other phone is entered.",
    { default: "259200" },
  ),
  CLOSE_OUT_COUNTRIES: variable(
    z
      .string()
      .regex(/^[A-Z]{2}(,[A-Z]{2})*$/, "must be country codes separated by commas")
      .transform((text) => text.split(",")),
    "Countries of the bank accounts that are paid to.",
    { default: "SE,IT" },
  ),
  BANK_HOLDER: variable(optionalText, "Whose account pays cafés and students who leave: stands in the payment file for the bank."),
  BANK_IBAN: variable(
    optionalText,
    "That account, an IBAN. Without it there are no payment files; statements of another account are refused.",
  ),
  BANK_BIC: variable(
    z
      .string()
      .regex(/^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$/, "must be a BIC of 8 or 11 characters")
      .optional(),
    "Its bank, where the bank asks for it.",
  ),
  ACCESS_TOKEN_SECONDS: variable(whole(60, 86_400), "Life of an access token.", { default: "3600" }),
  REFRESH_TOKEN_SECONDS: variable(whole(3_600, 31_536_000), "Life of a refresh token; each use replaces it.", { default: "2592000" }),
  STUDENT_SESSION_SECONDS: variable(whole(3_600, 31_536_000), "How long a student's session lasts at most, however often it is used.", {
    default: "15552000",
  }),
  STAFF_IDLE_SECONDS: variable(whole(60, 2_592_000), "A staff session that nobody used for so long cannot be renewed.", {
    default: "7200",
  }),
  STAFF_SESSION_SECONDS: variable(whole(300, 2_592_000), "How long a staff session lasts at most, however often it is used.", {
    default: "57600",
  }),
  STAFF_SECOND_FACTOR: variable(
    z.enum(["required", "optional"]),
    "Admin and finance need a second factor, and whoever has one must give it. optional is for the demo: a code is checked where one is given.",
    { default: "required" },
  ),
  FOUR_EYES_DAYS: variable(
    whole(0, 365),
    "For so many days whoever asked for or agreed to an account of finance or admin, or its reset, is no second person for it.",
    { default: "7" },
  ),
  ONE_TIME_PASSWORD_HOURS: variable(whole(1, 720), "Life of the one-time password of a new or reset staff account.", { default: "72" }),
  OTP_SECONDS: variable(whole(30, 3_600), "Life of a one-time password.", { default: "300" }),
  STUDENT_SIGNUP: variable(
    z.enum(["open", "imported"]),
    "Who becomes a student at the first login: any phone, or only phones that the university imported.",
    { default: "open" },
  ),

  SMS_PROVIDER: variable(
    z.enum(["sandbox", "twilio", "msg91", "sns", "none"]),
    "Who sends the one-time passwords. none is for a server without AWS: then no student can log in by phone.",
    { default: "sandbox" },
  ),
  SMS_ACCOUNT: variable(optionalText, "Twilio: account SID. MSG91: template id. Unused otherwise."),
  SMS_FROM: variable(optionalText, "The sender shown: Twilio number, MSG91 or SNS sender id."),
  SMS_URL: variable(z.url().optional(), "Another address of the provider than its own."),
  SANDBOX_URL: variable(z.url(), "The stand-ins for SMS, FCM and the gateway; used with CAMPUS_ENV=sandbox only.", {
    default: "http://127.0.0.1:8083",
  }),
  GATEWAY_KEY_ID: variable(
    optionalText,
    "The payment gateway's API key (rzp_live_…). Without one, and outside the sandbox, nothing can be paid through a gateway.",
  ),
  GATEWAY_URL: variable(z.url().optional(), "Another address of the gateway than its own."),
  GATEWAY_TIMEOUT_MS: variable(whole(100, 10_000), "The longest wait for one answer of the gateway.", { default: "3000" }),
  GATEWAY_POLL_SECONDS: variable(whole(1, 3_600), "How old an unpaid gateway order is before the worker asks the gateway about it.", {
    default: "60",
  }),
  TOP_UP_MIN_MINOR: variable(whole(1, 1_000_000_000), "The smallest top-up, in minor units.", { default: "1000" }),
  TOP_UP_MAX_MINOR: variable(whole(1, 1_000_000_000), "The largest top-up, in minor units.", { default: "500000" }),
  WALLET_MAX_MINOR: variable(
    whole(1, 1_000_000_000),
    "No top-up is begun that would lift a wallet above this, in minor units, and what would when it is paid goes back to its payer.",
    {
      default: "1000000",
    },
  ),
  AUTO_TOP_UPS_PER_DAY: variable(
    whole(0, 1_000),
    "So often in a day a student's saved method is charged by itself at most: what a thief spends of a wallet must not come out of the bank card without end.",
    { default: "5" },
  ),
  FCM_PROJECT_ID: variable(optionalText, "The Firebase project. Without one, and outside the sandbox, nothing is pushed."),
  FCM_WEB_APP: variable(
    webAppJson.optional(),
    "The project's web app as Firebase's console shows it (apiKey, projectId, appId, messagingSenderId), with vapidKey, the public key of its web push certificates: JSON, none of it secret. Without it students get pushes in no browser.",
  ),
  AWS_REGION: variable(z.string().min(1), "Where Secrets Manager and the other AWS services are asked.", { default: "eu-north-1" }),

  MENU_IMAGES_BUCKET: variable(optionalText, "The S3 bucket of the menus' pictures. Without one they are kept in OBJECT_FOLDER."),
  RECEIPTS_BUCKET: variable(optionalText, "The S3 bucket of the receipts. Without one they are kept in OBJECT_FOLDER."),
  ANALYTICS_BUCKET: variable(
    optionalText,
    "The S3 bucket in which the nightly jobs publish their tables, below lake/. Without one they are looked for in OBJECT_FOLDER.",
  ),
  TRANSACTIONS_TOPIC: variable(
    optionalText,
    "The SNS topic (ARN) that is told of each payment, top-up, refund, dispute and settlement. Without one the sandbox keeps the messages in OBJECT_FOLDER.",
  ),
  WEBHOOKS_QUEUE: variable(
    optionalText,
    "The SQS queue (URL) through which orders go to the cafés' till systems. Without one the outbox in PostgreSQL is the queue.",
  ),
  RECEIPT_MAIL_QUEUE: variable(
    optionalText,
    "The SQS queue (URL), subscribed to the transaction topic with raw delivery, by which receipts are mailed. Without one nothing is mailed through SES.",
  ),
  RECEIPT_MAIL_FROM: variable(
    z.email("must be an e-mail address").max(254).optional(),
    "The address from which receipts are mailed. With one, and without a queue, the sandbox keeps the mails in OBJECT_FOLDER.",
  ),
  CAMPUS_LANGUAGE: variable(z.enum(languages), "The language in which staff are told of new orders.", { default: "sv" }),
  S3_URL: variable(z.url().optional(), "Another address of S3 than AWS's own."),
  OBJECT_FOLDER: variable(z.string().min(1), "Where objects are kept that have no bucket; all processes share it.", {
    default: ".campus/objects",
  }),
  WEB_FOLDER: variable(
    z.string().min(1).optional(),
    "Where the web apps were built: a table's code then answers its page with the menu inside.",
  ),
  IMAGE_LIMIT_BYTES: variable(whole(1_024, 20_971_520), "The largest picture that may be uploaded.", { default: "5242880" }),

  LIVE_CONNECTIONS_PER_PROCESS: variable(
    whole(1, 100_000),
    "WebSockets and event streams that one process holds; the next is answered with 503.",
    {
      default: "5000",
    },
  ),
  LIVE_CONNECTIONS_PER_OWNER: variable(
    whole(1, 1_000),
    "Of these, how many one student or device may hold; the next is answered with 429.",
    {
      default: "5",
    },
  ),

  CAMPUS_CURRENCY: variable(z.string().regex(/^[A-Z]{3}$/, "must be an ISO 4217 code"), "The currency of the students' wallets.", {
    default: "SEK",
  }),
  CAMPUS_TIME_ZONE: variable(
    z.string().refine((zone) => Intl.supportedValuesOf("timeZone").includes(zone), "must be an IANA time zone"),
    "Where a student's day begins, where no café says it.",
    { default: "Europe/Stockholm" },
  ),
  LIVE_HEARTBEAT_SECONDS: variable(whole(1, 20), "How often a live connection has a pulse; a socket that misses one is ended.", {
    default: "15",
  }),

  CHARGE_SECONDS: variable(whole(1, 300), "How long a scanned order waits for the student's confirmation.", { default: "60" }),
} as const satisfies Record<string, Variable>;

/** One secret: its value is read at runtime, never at deploy time. `readers` names the processes that ask for it. */
interface SecretDescription {
  readonly about: string;
  readonly required: boolean;
  readonly readers: readonly ("api" | "worker" | "migrate")[];
}

export const secretDescriptions = {
  DATABASE_PASSWORD: { about: "Password of the application's database role.", required: true, readers: ["api", "worker"] },
  MIGRATION_DATABASE_PASSWORD: {
    about: "Password of the role that owns the schema; the running application never has it.",
    required: false,
    readers: ["migrate"],
  },
  REDIS_PASSWORD: { about: "AUTH token of Redis.", required: false, readers: ["api", "worker"] },
  JWT_KEYS: {
    about: "JWK set of RS256 keys for access tokens: the first signs, all verify (overlap at a rotation).",
    required: true,
    readers: ["api"],
  },
  RECEIPT_KEYS: {
    about:
      "JWK set of Ed25519 keys for receipts: the first signs new ones, each signs again what it once signed, all stay published for ever.",
    required: true,
    readers: ["api", "worker"],
  },
  CARD_PEPPER: { about: "Key of the HMAC under which card numbers are stored and looked up.", required: true, readers: ["api"] },
  LOG_PEPPER: { about: "Key of the hash that stands for a phone number in log lines.", required: true, readers: ["api", "worker"] },
  SEAL_KEY: {
    about:
      "Key that seals what must be read again: a one-time password on its way to the SMS provider, secrets of webhooks and of staff's authenticator apps.",
    required: true,
    readers: ["api", "worker"],
  },
  SMS_PROVIDER_TOKEN: { about: "Twilio auth token or MSG91 auth key.", required: false, readers: ["worker"] },
  FCM_SERVICE_ACCOUNT: { about: "Firebase service account (JSON).", required: false, readers: ["worker"] },
  GATEWAY_KEY_SECRET: { about: "Secret of the payment gateway's API key.", required: false, readers: ["api", "worker"] },
  GATEWAY_WEBHOOK_SECRET: { about: "Secret with which the gateway signs its webhooks.", required: false, readers: ["api"] },
} as const satisfies Record<string, SecretDescription>;

export type SecretName = keyof typeof secretDescriptions;

type Parsed = { readonly [K in keyof typeof variables]: z.output<(typeof variables)[K]["schema"]> };

export interface Config extends Parsed {
  readonly secretSources: Readonly<Partial<Record<SecretName, SecretSource>>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Reads and checks the whole environment at once, so that one start tells every problem. */
export function parseConfig(environment: Environment): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { schema, default: preset }] of Object.entries(variables) as [string, Variable][]) {
    const text = environment[name] === "" ? undefined : environment[name];
    const parsed = schema.safeParse(text ?? preset);
    if (parsed.success) values[name] = parsed.data;
    else
      problems.push(
        `${name}: ${parsed.error.issues.map((issue) => issue.message).join("; ")} (it is ${text === undefined ? "not set" : `"${text}"`})`,
      );
  }
  const secretSources = readSecretSources(environment, problems);
  readCertificates(values, problems);
  const config = { ...values, secretSources } as Config;
  if (problems.length === 0) problems.push(...contradictions(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** After it DATABASE_CA alone says whether the database is asked in TLS. */
function readCertificates(values: Record<string, unknown>, problems: string[]): void {
  const { DATABASE_CA, DATABASE_CA_FILE } = values;
  if (typeof DATABASE_CA_FILE !== "string") return;
  if (DATABASE_CA !== undefined) problems.push("DATABASE_CA and DATABASE_CA_FILE are both set: keep one.");
  try {
    values.DATABASE_CA = readFileSync(DATABASE_CA_FILE, "utf8");
    if (!String(values.DATABASE_CA).includes("BEGIN CERTIFICATE"))
      problems.push(`DATABASE_CA_FILE: ${DATABASE_CA_FILE} holds no certificate.`);
  } catch (error) {
    problems.push(`DATABASE_CA_FILE: ${(error as Error).message}`);
  }
}

function readSecretSources(environment: Environment, problems: string[]): Config["secretSources"] {
  const sources: Partial<Record<SecretName, SecretSource>> = {};
  for (const [name, { required }] of Object.entries(secretDescriptions) as [SecretName, SecretDescription][]) {
    const value = environment[name] || undefined;
    const reference = environment[`${name}_SECRET_ID`] || undefined;
    if (value !== undefined && reference !== undefined) problems.push(`${name} and ${name}_SECRET_ID are both set: keep one.`);
    else if (value !== undefined) sources[name] = { value };
    else if (reference !== undefined) sources[name] = parseReference(reference);
    else if (required)
      problems.push(`${name} is not set: give the secret's id in ${name}_SECRET_ID (or, where there is no AWS, its value in ${name}).`);
  }
  return sources;
}

function parseReference(reference: string): SecretSource {
  const [id = "", jsonKey] = reference.split("#");
  return jsonKey === undefined ? { id } : { id, jsonKey };
}

function contradictions(config: Config): string[] {
  const problems: string[] = [];
  if (config.CAMPUS_ENV === "production" && config.CAMPUS_CLOUD === "aws") {
    for (const [name, source] of Object.entries(config.secretSources)) {
      if ("value" in source)
        problems.push(`${name} is given in clear: in production a secret is read from Secrets Manager, set ${name}_SECRET_ID.`);
    }
    if (config.MENU_IMAGES_BUCKET === undefined)
      problems.push("MENU_IMAGES_BUCKET is not set: in production pictures are kept in a bucket, not on one of the machines.");
    if (config.ANALYTICS_BUCKET === undefined)
      problems.push("ANALYTICS_BUCKET is not set: in production the nightly jobs publish their tables into a bucket.");
    if (config.SMS_PROVIDER === "none") problems.push("SMS_PROVIDER is none: on AWS students log in by SMS, set twilio, msg91 or sns.");
  }
  if (config.CAMPUS_ENV === "production") {
    if (config.SMS_PROVIDER === "sandbox") problems.push("SMS_PROVIDER is sandbox: production needs twilio, msg91 or sns.");
    if (!config.COOKIE_SECURE) problems.push("COOKIE_SECURE is false: production serves HTTPS only.");
  }
  if (config.RECEIPT_MAIL_QUEUE !== undefined && config.RECEIPT_MAIL_FROM === undefined)
    problems.push("RECEIPT_MAIL_QUEUE is set without RECEIPT_MAIL_FROM: say from which address receipts are mailed, or remove the queue.");
  if (config.CAMPUS_ENV !== "sandbox" && config.STAFF_SECOND_FACTOR !== "required")
    problems.push("STAFF_SECOND_FACTOR may be optional in the sandbox only.");
  if (config.CAMPUS_ENV !== "sandbox" && config.RATE_LIMIT_SCALE !== 1)
    problems.push("RATE_LIMIT_SCALE may differ from 1 in the sandbox only.");
  return problems;
}
