import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { createLog, phoneHasher } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { sql } from "./postgres.ts";

const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

function logInto(lines: string[]) {
  return createLog({ level: "trace", pepper: "pepper", base: { process: "test" }, write: (line) => lines.push(line) });
}

const lineOf = (write: (log: ReturnType<typeof logInto>) => void): string => {
  const lines: string[] = [];
  write(logInto(lines));
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
};

test("a line is JSON with its time, level and message", () => {
  const line = JSON.parse(lineOf((log) => log.info({ route: "GET /x", status: 200 }, "request")));
  expect(line).toMatchObject({ level: "info", process: "test", route: "GET /x", status: 200, msg: "request" });
  expect(Date.parse(line.time)).not.toBeNaN();
});

test("a phone number becomes the same keyed hash wherever it stands, so that lines can be joined", () => {
  const hashed = phoneHasher("pepper")("+46701234567");
  expect(hashed).toMatch(/^phone:[\w-]{16}$/);
  expect(phoneHasher("another")("+46701234567")).not.toBe(hashed);
  expect(lineOf((log) => log.info({ to: "+46701234567" }, "sent"))).toContain(`"to":"${hashed}"`);
  expect(lineOf((log) => log.info("sent to +46701234567."))).toContain(`sent to ${hashed}.`);
  expect(lineOf((log) => log.error(new Error("no route to +46701234567")))).not.toContain("46701234567");
});

test.each([
  ["cardUid", "04A2B3C4D5E6F7"],
  ["card_uid", "04A2B3C4D5E6F7"],
  ["name", "Astrid Lindgren"],
  ["fullName", "Astrid Lindgren"],
  ["otp", "123456"],
  ["password", "hemlig"],
  ["refreshToken", "opaque-refresh-token"],
  ["pushToken", "opaque-push-token"],
  ["Authorization", "Device 1.key"],
  ["set-cookie", "campus=1"],
  ["deliveryAddress", "Storgatan 1"],
])("the value of the field %s is masked at any depth", (field, value) => {
  const line = lineOf((log) => log.info({ [field]: value, deep: { list: [{ [field]: value }] } }, "x"));
  expect(line).not.toContain(value);
  expect(line.match(/\[masked\]/g)).toHaveLength(2);
});

test.each([
  ["a JWT in a message", `token ${jwt} refused`],
  ["a bearer header in a message", "Authorization: Bearer abcdef0123456789"],
  ["a device credential in a message", "Authorization: Device 0192f0c1.c2VjcmV0LWtleQ"],
  ["a token in an address", "GET /ws/me?token=abcdef0123456789&x=1"],
])("%s is masked", (_, message) => {
  const line = lineOf((log) => log.warn(message));
  for (const secret of [jwt, "abcdef0123456789", "c2VjcmV0LWtleQ"]) expect(line).not.toContain(secret);
  expect(line).toContain("[token]");
});

test("an error is logged with its cause and without the fields that a driver hangs on it", () => {
  const cause = Object.assign(new Error("duplicate key"), {
    code: "23505",
    constraint: "one_phone",
    detail: "Key (name)=(Astrid) exists.",
  });
  const line = lineOf((log) => log.error({ err: new Error("not saved", { cause }) }, "failed"));
  expect(JSON.parse(line).err).toMatchObject({ type: "Error", message: "not saved", cause: { code: "23505", constraint: "one_phone" } });
  expect(line).not.toContain("Astrid");
});

test("a metric line comes through with all its values", () => {
  const metrics = createMetrics();
  for (let ms = 1; ms <= 100; ms += 1) metrics.observe("confirm_to_final_ms", {}, ms);
  const [entry] = metrics.embeddedLines(0);
  expect(JSON.parse(lineOf((log) => log.info(entry, "metrics")))).toMatchObject({
    ConfirmToFinal: entry?.ConfirmToFinal,
    _aws: { CloudWatchMetrics: [{ Metrics: [{ Name: "ConfirmToFinal", Unit: "Milliseconds" }] }] },
  });
  expect(entry?.ConfirmToFinal).toHaveLength(100);
});

let database: TestDatabase;
let platform: TestPlatform;

beforeAll(async () => {
  database = await createTestDatabase();
  platform = await openTestPlatform(database);
});

afterAll(async () => {
  await platform.end();
  await database.drop();
});

const planted = { phone: "+46709998877", name: "Gudrun Planterad", language: "klingon", code: "90210" };

test("a person's data inside an error of the real database does not reach the log", async () => {
  const insert = () =>
    platform.db.run(sql`insert into students (phone, name, language) values (${planted.phone}, ${planted.name}, ${planted.language})`);
  const refused = await insert().catch((error: unknown) => error);
  expect((refused as { detail: string }).detail).toContain(planted.name);
  platform.log.error({ err: refused }, "A student could not be saved");
  platform.log.error({ err: new Error(`Could not save ${planted.phone}`, { cause: refused }) }, "again");
  const text = platform.logLines.join("");
  expect(text).toContain("students_language_check");
  for (const secret of Object.values(planted)) expect(text).not.toContain(secret);
});
