import { expect, test } from "vitest";
import { ConfigError, parseConfig, secretDescriptions, variables } from "./config.ts";

const requiredSecrets = ["DATABASE_PASSWORD", "JWT_KEYS", "RECEIPT_KEYS", "CARD_PEPPER", "LOG_PEPPER", "SEAL_KEY"];
const given = (suffix: string, value: string) => Object.fromEntries(requiredSecrets.map((name) => [`${name}${suffix}`, value]));
const onOneMachine = { CAMPUS_ENV: "sandbox", ...given("", "value") };
const onAws = {
  ...given("_SECRET_ID", "campus/secret"),
  CAMPUS_ENV: "production",
  SMS_PROVIDER: "sns",
  MENU_IMAGES_BUCKET: "menu-images",
  ANALYTICS_BUCKET: "analytics",
};

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    parseConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("a process that is not told where it runs does not start: sandbox is nobody's default", () => {
  expect(problemsOf(given("", "value"))).toEqual([expect.stringMatching(/^CAMPUS_ENV: .*not set/)]);
});

test("with the required secrets and CAMPUS_ENV alone every variable has its default", () => {
  const config = parseConfig(onOneMachine);
  expect(config).toMatchObject({ CAMPUS_ENV: "sandbox", PORT: 8080, COOKIE_SECURE: true, CORS_ORIGINS: [], DATABASE_CA: undefined });
  expect(Object.keys(config).sort()).toEqual([...Object.keys(variables), "secretSources"].sort());
});

test("one start lists every problem, with the value that was given", () => {
  const problems = problemsOf({ PORT: "eighty", CAMPUS_ENV: "prod", COOKIE_SECURE: "maybe", CHARGE_SECONDS: "301" });
  for (const name of ["PORT", "CAMPUS_ENV", "COOKIE_SECURE", "CHARGE_SECONDS", ...requiredSecrets])
    expect(
      problems.filter((problem) => problem.startsWith(`${name}`)),
      name,
    ).not.toHaveLength(0);
  expect(problems).toContainEqual(expect.stringContaining('(it is "eighty")'));
  expect(problems).toHaveLength(4 + requiredSecrets.length);
});

test("a limit of the replica's lag is whole seconds from 1 on, and there is none unless it is set", () => {
  expect(parseConfig(onOneMachine).REPLICA_LAG_LIMIT_SECONDS).toBeUndefined();
  expect(parseConfig({ ...onOneMachine, REPLICA_LAG_LIMIT_SECONDS: "1" }).REPLICA_LAG_LIMIT_SECONDS).toBe(1);
  for (const refused of ["0", "1.5", "-1", "soon"])
    expect(problemsOf({ ...onOneMachine, REPLICA_LAG_LIMIT_SECONDS: refused })).toEqual([
      expect.stringMatching(/^REPLICA_LAG_LIMIT_SECONDS: /),
    ]);
});

test("the Firebase web app of browsers is JSON with all that its SDK needs, and none unless it is set", () => {
  const webApp = { apiKey: "AIza0", projectId: "campus", appId: "1:2:web:3", messagingSenderId: "2", vapidKey: "BM0" };
  expect(parseConfig(onOneMachine).FCM_WEB_APP).toBeUndefined();
  expect(parseConfig({ ...onOneMachine, FCM_WEB_APP: JSON.stringify(webApp) }).FCM_WEB_APP).toEqual(webApp);
  for (const refused of ["AIza0", "{}", JSON.stringify({ ...webApp, vapidKey: "" })])
    expect(problemsOf({ ...onOneMachine, FCM_WEB_APP: refused })).toEqual([expect.stringMatching(/^FCM_WEB_APP: /)]);
});

test("an empty variable is one that is not set", () => {
  expect(parseConfig({ ...onOneMachine, PORT: "", DATABASE_CA: "", REDIS_PASSWORD: "" })).toMatchObject({
    PORT: 8080,
    DATABASE_CA: undefined,
  });
});

test.each([
  ["false", false],
  ["true", true],
])('the flag "%s" is %s', (text, value) => {
  expect(parseConfig({ ...onOneMachine, COOKIE_SECURE: text }).COOKIE_SECURE).toBe(value);
});

test("lists are split at commas and trimmed", () => {
  expect(parseConfig({ ...onOneMachine, CORS_ORIGINS: "https://a.example, https://b.example," }).CORS_ORIGINS).toEqual([
    "https://a.example",
    "https://b.example",
  ]);
});

test("a secret is either a value or a reference, with a JSON key by option", () => {
  const { secretSources } = parseConfig({ ...onAws, REDIS_PASSWORD_SECRET_ID: "campus/redis#password" });
  expect(secretSources).toMatchObject({ JWT_KEYS: { id: "campus/secret" }, REDIS_PASSWORD: { id: "campus/redis", jsonKey: "password" } });
  expect(problemsOf({ ...onOneMachine, JWT_KEYS_SECRET_ID: "campus/jwt" })).toEqual([
    "JWT_KEYS and JWT_KEYS_SECRET_ID are both set: keep one.",
  ]);
});

test.each([
  ["a secret in clear", { JWT_KEYS_SECRET_ID: "", JWT_KEYS: "value" }, "JWT_KEYS is given in clear"],
  ["the sandbox's SMS", { SMS_PROVIDER: "sandbox" }, "SMS_PROVIDER is sandbox"],
  ["pictures on one machine", { MENU_IMAGES_BUCKET: "" }, "MENU_IMAGES_BUCKET is not set"],
  ["no place for the night's tables", { ANALYTICS_BUCKET: "" }, "ANALYTICS_BUCKET is not set"],
  ["cookies without Secure", { COOKIE_SECURE: "false" }, "COOKIE_SECURE is false"],
  ["raised limits", { RATE_LIMIT_SCALE: "100" }, "RATE_LIMIT_SCALE"],
])("production refuses %s", (_, change, problem) => {
  expect(problemsOf(onAws)).toEqual([]);
  expect(problemsOf({ ...onAws, ...change })).toEqual([expect.stringContaining(problem)]);
});

test("production on one server takes its secrets from its own files and keeps its pictures; what is for the sandbox is refused there too", () => {
  const onOneServer = { ...onOneMachine, CAMPUS_ENV: "production", CAMPUS_CLOUD: "none", SMS_PROVIDER: "none" };
  expect(problemsOf(onOneServer)).toEqual([]);
  for (const change of [{ SMS_PROVIDER: "sandbox" }, { COOKIE_SECURE: "false" }, { STAFF_SECOND_FACTOR: "optional" }])
    expect(problemsOf({ ...onOneServer, ...change })).toEqual([expect.stringContaining(Object.keys(change)[0] as string)]);
  expect(problemsOf({ ...onAws, SMS_PROVIDER: "none" })).toEqual([expect.stringContaining("SMS_PROVIDER is none")]);
});

test("a queue of receipt mails without an address to send from is refused in one line", () => {
  const queue = { ...onOneMachine, RECEIPT_MAIL_QUEUE: "https://sqs.eu-north-1.example/receipt-mails" };
  expect(problemsOf(queue)).toEqual([expect.stringMatching(/^RECEIPT_MAIL_QUEUE is set without RECEIPT_MAIL_FROM: /)]);
  expect(problemsOf({ ...queue, RECEIPT_MAIL_FROM: "receipts@campus.example" })).toEqual([]);
  expect(problemsOf({ ...queue, RECEIPT_MAIL_FROM: "Campus <receipts@campus.example>" })).toEqual([
    expect.stringMatching(/^RECEIPT_MAIL_FROM: must be an e-mail address/),
  ]);
});

test("a problem never quotes a secret", () => {
  const problems = problemsOf({ ...onAws, JWT_KEYS: "hush-hush", SEAL_KEY_SECRET_ID: "", SEAL_KEY: "hush-hush", PORT: "x" });
  expect(problems.length).toBeGreaterThan(1);
  expect(problems.join()).not.toContain("hush-hush");
});

test("every variable and secret says what it is for", () => {
  for (const { about } of [...Object.values(variables), ...Object.values(secretDescriptions)])
    expect(about).toMatch(/^[A-Z0-9_a-z].{10,}\.?$/);
});
