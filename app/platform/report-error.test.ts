import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { listenLocally } from "../local/ports.ts";
import { until } from "../testing/platform.ts";
import { createErrorReporter } from "./report-error.ts";

interface Received {
  readonly path: string | undefined;
  readonly auth: string | undefined;
  readonly lines: readonly Record<string, unknown>[];
}

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server that takes Sentry's envelopes; `answers` false accepts and says nothing. */
async function listen(received: Received[], answers = true): Promise<string> {
  const listening = createServer(async (request, response) => {
    const lines = (await text(request)).split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    received.push({ path: request.url, auth: request.headers["x-sentry-auth"] as string | undefined, lines });
    if (answers) response.end("{}");
  });
  server = listening;
  return `http://public-key@127.0.0.1:${await listenLocally(listening)}/42`;
}

const config = { CAMPUS_ENV: "sandbox", CAMPUS_VERSION: "1.2.3", CAMPUS_REGION: "north" } as const;
const warningsInto = (warnings: unknown[]) => ({ warn: (...words: unknown[]) => void warnings.push(words) });

test("without a DSN nothing is sent anywhere", () => {
  expect(() => createErrorReporter({ ...config, SENTRY_DSN: undefined }, warningsInto([]))(new Error("x"), {})).not.toThrow();
});

test("a report has the error's type, its frames and the request id, and not its message", async () => {
  const received: Received[] = [];
  const report = createErrorReporter({ ...config, SENTRY_DSN: await listen(received) }, warningsInto([]));
  report(new TypeError("Gudrun's card 04F1E2D3C4B5A6 was refused"), { requestId: "request-0001" });
  const { path, auth, lines } = await until("the report arrives", () => received[0]);
  expect([path, auth]).toEqual(["/api/42/envelope/", expect.stringContaining("sentry_key=public-key")]);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toEqual({ type: "event" });
  expect(lines[2]).toMatchObject({
    release: "1.2.3",
    tags: { region: "north", requestId: "request-0001" },
    exception: { values: [{ type: "TypeError", value: "[masked]" }] },
  });
  const sent = JSON.stringify(lines);
  expect(sent).toContain("report-error.test.ts");
  expect(sent).not.toMatch(/Gudrun|04F1E2D3C4B5A6/);
});

test("a server that is away costs a warning and nothing else", async () => {
  const warnings: unknown[] = [];
  createErrorReporter({ ...config, SENTRY_DSN: "http://key@127.0.0.1:1/1" }, warningsInto(warnings))(new Error("x"), {});
  await until("the warning is written", () => warnings.length === 1);
});

test("a server that never answers is given up", async () => {
  const warnings: unknown[] = [];
  const report = createErrorReporter({ ...config, SENTRY_DSN: await listen([], false) }, warningsInto(warnings));
  report(new Error("x"), {});
  await until("the warning is written", () => warnings.length === 1);
});
