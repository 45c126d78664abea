import { createApp } from "../app.ts";
import type { Identity } from "../identity/identity.ts";
import type { Live } from "../live/live.ts";
import { parseConfig, secretDescriptions } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { createLog } from "../platform/log.ts";
import { createMetrics } from "../platform/metrics.ts";

/** The document as the app itself serves it. */
export async function renderApiDocument(): Promise<string> {
  const app = createApp({
    platform: platformWithoutConnections(),
    identity: absent<Identity>("identity"),
    live: absent<Live>("live"),
    isDraining: () => false,
  });
  const answer = await app.request("/openapi.json");
  if (answer.status !== 200) throw new Error(`/openapi.json answered ${answer.status}: ${await answer.text()}`);
  return `${JSON.stringify(await answer.json(), null, 2)}\n`;
}

/** Mounting routes and describing them needs no database, no Redis and no secret: whoever asks for one is told so. */
function platformWithoutConnections(): Platform {
  const secrets = Object.fromEntries(Object.keys(secretDescriptions).map((name) => [name, "unused"]));
  return {
    config: parseConfig({ ...secrets, CAMPUS_ENV: "sandbox", LOG_LEVEL: "silent" }),
    secrets: absent("secrets"),
    log: createLog({ level: "silent", pepper: "unused", base: {} }),
    metrics: createMetrics(),
    db: absent("db"),
    cache: absent("cache"),
    end: async () => undefined,
  };
}

function absent<T extends object>(part: string): T {
  const refuse = (_: object, property: string | symbol): never => {
    throw new Error(`The API document is made without ${part}, and ${part}.${String(property)} was asked for while routes were mounted.`);
  };
  return new Proxy({}, { get: refuse }) as T;
}
