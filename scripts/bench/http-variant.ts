import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { createApp } from "../../app/app.ts";
import { student, withIdentity } from "../../app/identity/guards.ts";
import { type Identity, openIdentity } from "../../app/identity/identity.ts";
import { openLive } from "../../app/live/live.ts";
import { parseConfig } from "../../app/platform/config.ts";
import { openPlatform } from "../../app/platform/context.ts";
import { createApplication } from "../../app/platform/http/application.ts";
import type { HttpEnv } from "../../app/platform/http/router.ts";

// One of the servers that are compared, all with the same address: node http-variant.ts VARIANT HOLDER.
const [variant, holderText = "{}"] = process.argv.slice(2);
const platform = await openPlatform(parseConfig(process.env), { process: "api" });
const identity = await openIdentity(platform);
const address = "/api/v1/users/me";

const bare = () => new Hono().get(address, (c) => c.json({ ok: true }));

function tokenCheckAlone() {
  const { check } = student();
  if (!check) throw new Error("The guard of a student has no check.");
  return new Hono<HttpEnv>()
    .use(async (c, next) => {
      c.set("platform", platform);
      await next();
    })
    .use(withIdentity(identity))
    .get(address, check, (c) => c.json({ ok: true }));
}

/** The outer layer of the real application (request id, log line, metrics, limits, headers), a token check and nothing else. */
function tokenCheckInApplication() {
  const { check } = student();
  if (!check) throw new Error("The guard of a student has no check.");
  const app = createApplication(platform, () => undefined);
  app.use(withIdentity(identity));
  app.get(address, check, (c) => c.json({ ok: true }));
  return app;
}

const application = (asked: Identity) => createApp({ platform, identity: asked, live: openLive(platform), isDraining: () => false });

const apps: Readonly<Record<string, () => { fetch(request: Request, env: unknown): Response | Promise<Response> }>> = {
  bare,
  token: tokenCheckAlone,
  "app-token": tokenCheckInApplication,
  me: () => application(identity),
  // The same application, but whoever calls is taken for the holder without a look at the token.
  "me-unchecked": () => application({ ...identity, verifyAccessToken: () => JSON.parse(holderText) }),
};

const make = apps[variant ?? ""];
if (!make) throw new Error(`There is no variant "${variant}".`);
const app = make();
serve({ fetch: (request, env) => app.fetch(request, env), hostname: "127.0.0.1", port: 0 }, ({ port }) => {
  process.send?.({ port });
});
process.on("disconnect", () => process.exit(0));
