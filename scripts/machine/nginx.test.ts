import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type RequestOptions, request } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../app/local/ports.ts";
import { findNginx, startNginx } from "./nginx.ts";

const nginx = findNginx();
if (!nginx) console.error("SKIPPED: what nginx says where no process answers: there is no nginx (Debian: apt-get install nginx-light).");

const status = (options: RequestOptions) =>
  new Promise<{ status: number | undefined; retryAfter: string | undefined }>((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", rejectUnauthorized: false, ...options }, (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode, retryAfter: answer.headers["retry-after"] });
    });
    asked.once("error", reject).end();
  });

test.skipIf(!nginx)(
  "where no process answers a request is told to come again, with a key or without one, and only the health check hears that nobody lives",
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "campus-nginx-"));
    const port = await freePort();
    const child = startNginx(nginx as string, folder, { port, firstPort: await freePort() });
    try {
      await expect.poll(() => status({ port, path: "/ready" }).catch(() => undefined), { timeout: 30_000 }).toMatchObject({ status: 500 });
      const again = { status: 503, retryAfter: "2" };
      for (const headers of [{}, { "Idempotency-Key": "4c1f1f0e-lunch" }])
        for (const asked of ["/api/v1/orders", "/api/v1/charges/1/confirm"])
          expect(await status({ port, path: asked, method: "POST", headers }), JSON.stringify({ asked, headers })).toEqual(again);
    } finally {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "close");
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
