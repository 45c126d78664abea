import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { envelope, Refusal } from "./answers.ts";
import { controlRoutes } from "./control.ts";
import { createFaults } from "./faults.ts";
import { fcmRoutes } from "./fcm.ts";
import { gatewayRoutes } from "./gateway.ts";
import type { GatewayKey } from "./gateway-key.ts";
import { createWebhooks, type Webhooks } from "./gateway-webhooks.ts";
import { createMessageLog } from "./message-log.ts";
import { smsRoutes } from "./sms.ts";

export interface SandboxOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly host?: string;
  readonly gatewayKey: GatewayKey;
  /** Where the gateway's news goes, and the secret that signs it; it can be set while it runs, too. */
  readonly gatewayWebhook?: { readonly url: string | undefined; readonly secret: string };
  /** Where the gateway keeps its books over a restart; in memory alone without it. */
  readonly gatewayBooksFile?: string | undefined;
}

export interface Sandbox {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

// FCM takes 4 KiB, an SMS 1,600 characters: with this, the kept messages cannot outgrow 80 MB.
const bodyLimitBytes = 16 * 1_024;

export const startSandbox = async ({
  port,
  host = "127.0.0.1",
  gatewayKey,
  gatewayWebhook,
  gatewayBooksFile,
}: SandboxOptions): Promise<Sandbox> => {
  const webhooks = createWebhooks({ url: gatewayWebhook?.url, secret: gatewayWebhook?.secret ?? "", copies: 1, longestDelayMs: 0 });
  const server = createAdaptorServer({
    fetch: createSandboxApp(gatewayKey, webhooks, gatewayBooksFile).fetch,
    overrideGlobalObjects: false,
  });
  const bound = await new Promise<AddressInfo>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound.port}`,
    port: bound.port,
    close: () =>
      new Promise((resolve) => {
        webhooks.close();
        server.close(() => resolve());
        // A request that hangs by order would keep the server open for its whole minute.
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
};

const createSandboxApp = (gatewayKey: GatewayKey, webhooks: Webhooks, booksFile: string | undefined): Hono => {
  const deps = { messages: createMessageLog(), faults: createFaults() };
  const app = new Hono();
  app.use(
    bodyLimit({ maxSize: bodyLimitBytes, onError: (c) => c.json(envelope("PAYLOAD_TOO_LARGE", "A body may have 16 KiB here."), 413) }),
  );
  app.route("/", controlRoutes(deps));
  app.route("/", smsRoutes(deps));
  app.route("/", fcmRoutes(deps));
  app.route("/", gatewayRoutes({ faults: deps.faults, key: gatewayKey, webhooks, booksFile }));
  app.notFound((c) => c.json(envelope("NOT_FOUND", "The sandbox has nothing at this address."), 404));
  app.onError((error, c) => {
    if (error instanceof Refusal) return c.json(envelope(error.code, error.message, error.details), error.status);
    console.error(error);
    return c.json(envelope("INTERNAL_ERROR", "The sandbox failed; its log says why."), 500);
  });
  return app;
};
