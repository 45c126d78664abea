import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findHome, type Home } from "../../app/local/home.ts";
import { freePort } from "../../app/local/ports.ts";
import { type KeptProcess, keepRunning } from "./kept-process.ts";

let folder: string;
let home: Home;
let kept: KeptProcess | undefined;
let gaveUp: string[];
let restarts: number;
let stopRequest: AbortController;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "campus-kept-"));
  home = findHome({ CAMPUS_HOME: folder });
  mkdirSync(home.logs);
  gaveUp = [];
  restarts = 0;
  stopRequest = new AbortController();
});

afterEach(async () => {
  await kept?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function keep(code: string): Promise<{ process: KeptProcess; url: string }> {
  const port = await freePort();
  const file = path.join(folder, "app.mjs");
  writeFileSync(file, code);
  const url = `http://127.0.0.1:${port}/ready`;
  kept = await keepRunning({
    name: "api-1",
    file,
    env: { ...process.env, PORT: String(port) },
    home,
    readyUrl: url,
    stopSignal: stopRequest.signal,
    onRestart: () => {
      restarts += 1;
    },
    onGiveUp: (error) => gaveUp.push(error.message),
  });
  return { process: kept, url };
}

const server = `import { createServer } from "node:http";
  const server = createServer((_, answer) => answer.end(String(process.pid))).listen(Number(process.env.PORT), "127.0.0.1");
  process.on("SIGTERM", () => { console.log("drained"); server.close(); server.closeAllConnections(); });`;

test("a process that is killed comes back at the same address under another pid", async () => {
  const { process: api, url } = await keep(server);
  await api.ready();
  for (let round = 1; round <= 3; round += 1) {
    const pid = api.pid();
    process.kill(pid, "SIGKILL");
    const answering = () =>
      fetch(url).then(
        (answer) => answer.text(),
        () => "nobody",
      );
    await expect.poll(answering, { timeout: 10_000 }).not.toMatch(new RegExp(`^(nobody|${pid})$`));
    expect(await answering()).toBe(String(api.pid()));
    expect(restarts).toBe(round);
  }
  expect(gaveUp).toEqual([]);
});

test("a process that ends before it was ever ready is given up with its last lines, and not started again", async () => {
  const { process: api } = await keep(`console.error("DATABASE_URL is not set"); process.exit(2);`);
  await api.ready();
  expect(gaveUp).toEqual([expect.stringMatching(/\(api-1\) ended with code 2\. Its last lines[^\n]*\n {4}DATABASE_URL is not set$/)]);
  expect(restarts).toBe(0);
});

test("stopping drains the process and does not start it again", async () => {
  const { process: api, url } = await keep(server);
  await api.ready();
  await api.stop();
  await expect(fetch(url)).rejects.toThrow();
  expect(restarts).toBe(0);
  expect(readFileSync(path.join(home.logs, "api-1.log"), "utf8")).toContain("drained");
});

test("once everything is to stop, a process that is killed stays dead", async () => {
  const { process: api, url } = await keep(server);
  await api.ready();
  stopRequest.abort();
  const pid = api.pid();
  process.kill(pid, "SIGKILL");
  await api.stop();
  expect([api.pid(), restarts, gaveUp]).toEqual([pid, 0, []]);
  await expect(fetch(url)).rejects.toThrow();
});
