import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

const run = (environment: Record<string, string>) =>
  spawn(process.execPath, [main], { env: { PATH: process.env.PATH, ...environment }, stdio: ["ignore", "pipe", "pipe"] });

const textOf = async (stream: NodeJS.ReadableStream): Promise<string> => (await Array.fromAsync(stream, String)).join("");

test("the process serves on loopback and ends at SIGTERM, also while a request hangs", async () => {
  const child = run({ PORT: "0" });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line.toString())?.[0] as string;
  expect((await fetch(`${url}/sandbox/health`)).status).toBe(200);
  await fetch(`${url}/sandbox/faults`, { method: "PUT", body: '{"sms":"hang"}' });
  const hanging = fetch(`${url}/sandbox/sms`, { method: "POST", body: "{}" }).then(
    () => "answered",
    () => "cut",
  );
  await fetch(`${url}/sandbox/health`);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(await hanging).toBe("cut");
});

test.each([
  ["in production", { CAMPUS_ENV: "production" }, "CAMPUS_ENV"],
  ["on an address that others can reach", { HOST: "0.0.0.0" }, "HOST"],
  ["on a port that is none", { PORT: "http" }, "PORT"],
])("the process refuses to boot %s, and says why in one line", async (_where, environment, named) => {
  const child = run({ PORT: "0", ...environment });
  const [message, [code]] = await Promise.all([textOf(child.stderr), once(child, "exit")]);
  expect(code).toBe(1);
  expect(message).toMatch(new RegExp(`^The sandbox cannot start: ${named}: .+\\n$`));
});
