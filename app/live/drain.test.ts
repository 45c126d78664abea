import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { openLiveSocket, openLiveStream } from "../testing/live-client.ts";
import { moneyOf } from "../testing/money.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

const deadlineMs = 15_000;

/** One API process as the service manager starts it. */
async function startApi() {
  const main = path.join(import.meta.dirname, "..", "main.ts");
  const api = spawn(process.execPath, [main], { env: { ...process.env, ...campus.env }, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(api, "exit", { signal: AbortSignal.timeout(deadlineMs * 2) }).then(([code]) => code as number | null);
  for await (const line of createInterface({ input: api.stdout })) {
    const { msg, url } = JSON.parse(line) as { msg: string; url?: string };
    if (msg !== "listening" || url === undefined) continue;
    api.stdout.resume();
    return { api, url, exited };
  }
  throw new Error("The API process ended before it listened.");
}

test("SIGTERM: live clients are told when to come back, and the process has ended long before it would be killed", async () => {
  const money = moneyOf(campus);
  const [student, till, { api, url, exited }] = [await money.fundedStudent({ balanceMinor: 0 }), await money.till(), await startApi()];
  try {
    const socket = await openLiveSocket(url, "/ws/me", { token: student.token });
    const deaf = await openLiveSocket(url, "/ws/me", { token: student.token });
    const counter = await openLiveStream(`${url}/api/v1/pos/stream`, { Authorization: till.device.authorization });
    deaf.socket.pause();
    const beganMs = performance.now();
    api.kill("SIGTERM");
    expect(await socket.closed).toEqual({ code: 1012, reason: "restarting" });
    await socket.event("reconnect");
    await counter.ended;
    await counter.event("reconnect");
    expect(await exited).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(deadlineMs);
    deaf.socket.terminate();
  } finally {
    api.kill("SIGKILL");
  }
});
