import { createServer, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { listenLocally } from "../../app/local/ports.ts";
import { withDigest } from "../publish.ts";
import { whyNotWell } from "./ask.ts";
import { digestOf, environmentNamed, targetsOf } from "./target.ts";

const [old, fresh, other] = ["a", "b", "c"].map((letter) => letter.repeat(64)) as [string, string, string];
let server: Server | undefined;
afterEach(() => server?.close());

/** A public address whose answers come from these in turn. */
const answering = async (
  ...answers: readonly { readonly status?: number; readonly version: string; readonly database?: string }[]
): Promise<string> => {
  let asked = 0;
  server = createServer((_, response) => {
    const { status = 200, version, database = "connected" } = answers[asked++ % answers.length] as (typeof answers)[number];
    response.writeHead(status).end(JSON.stringify({ version, database }));
  });
  return `http://127.0.0.1:${await listenLocally(server)}`;
};

test("a checkpoint passes while the old and the new version answer well", async () => {
  expect(await whyNotWell(await answering({ version: old }, { version: fresh }), [old, fresh])).toBeUndefined();
});

test("a checkpoint stops a version that has no database, and says what it saw", async () => {
  const address = await answering({ version: old }, { version: fresh, status: 503, database: "disconnected" });
  expect(await whyNotWell(address, [old, fresh])).toMatch(/^6 of 12: \/health says 503, database disconnected$/);
});

test("a checkpoint stops when a version answers that nobody releases", async () => {
  expect(await whyNotWell(await answering({ version: old }, { version: other }), [old, fresh])).toContain(other.slice(0, 12));
});

test("a checkpoint stops when nobody answers", async () => {
  const address = await answering({ version: old });
  await new Promise((resolve) => server?.close(resolve));
  expect(await whyNotWell(address, [old, fresh])).toMatch(/^12 of 12: /);
});

test("an answer that takes longer than the release waits counts as none", async () => {
  server = createServer(() => undefined);
  const address = `http://127.0.0.1:${await listenLocally(server)}`;
  expect(await whyNotWell(address, [old, fresh], 50)).toMatch(/^12 of 12: \/health was not answered in \d+ ms/);
});

test("publishing names the digest of one environment and leaves the others", () => {
  const text = "export const artifacts = {\n  pilot: { sha256: notPublished },\n  staging: { sha256: notPublished },\n} as const;\n";
  expect(withDigest(text, "pilot", fresh)).toBe(text.replace("pilot: { sha256: notPublished }", `pilot: { sha256: "${fresh}" }`));
  expect(withDigest(withDigest(text, "pilot", fresh), "pilot", old)).toContain(`pilot: { sha256: "${old}" }`);
});

test("a release goes to the region that stands by before it goes to users", () => {
  expect(targetsOf(environmentNamed("production")).map(({ region }) => region)).toEqual(["eu-south-1", "eu-north-1"]);
});

test("a mistyped environment, region or artifact is one line that says what there is", () => {
  expect(() => environmentNamed("prod")).toThrow('there is no environment "prod": give one of pilot, staging, production.');
  expect(() => targetsOf(environmentNamed("pilot"), "eu-west-1")).toThrow(
    "pilot has no region eu-west-1: it has eu-south-1 and eu-north-1.",
  );
  expect(() => digestOf("latest")).toThrow('"latest" is no artifact');
});
