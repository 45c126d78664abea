import type { OpenAPIHono } from "@hono/zod-openapi";
import { cardRoutes } from "./cards/routes.ts";
import { posRoutes } from "./charges/pos-routes.ts";
import { createReceiptSigner } from "./charges/receipt-signer.ts";
import { chargeRoutes } from "./charges/routes.ts";
import { docsRoutes } from "./docs/routes.ts";
import { healthRoutes } from "./health/routes.ts";
import { withIdentity } from "./identity/guards.ts";
import type { Identity } from "./identity/identity.ts";
import { identityRoutes, keyRoutes } from "./identity/routes.ts";
import { ledgerRoutes } from "./ledger/routes.ts";
import type { Live } from "./live/live.ts";
import { liveRoutes } from "./live/routes.ts";
import { menuRoutes } from "./menu/routes.ts";
import { orderRoutes } from "./orders/routes.ts";
import type { Platform } from "./platform/context.ts";
import { createApplication } from "./platform/http/application.ts";
import { type HttpEnv, router } from "./platform/http/router.ts";
import { createErrorReporter } from "./platform/report-error.ts";

export interface AppParts {
  readonly platform: Platform;
  readonly identity: Identity;
  readonly live: Live;
  readonly isDraining: () => boolean;
}

/** Mounts the features; nothing else. */
export function createApp({ platform, identity, live, isDraining }: AppParts): OpenAPIHono<HttpEnv> {
  const app = createApplication(platform, createErrorReporter(platform.config, platform.log));
  const receipts = createReceiptSigner(platform);
  const v1 = router();
  v1.use(withIdentity(identity));
  v1.route("/", identityRoutes(platform, identity));
  v1.route("/", menuRoutes(platform));
  v1.route("/", orderRoutes(platform));
  v1.route("/", posRoutes(platform));
  v1.route("/", chargeRoutes(platform, receipts));
  v1.route("/", cardRoutes(platform));
  v1.route("/", ledgerRoutes(platform));
  v1.route("/", liveRoutes(platform, identity, live));
  app.route("/", healthRoutes(platform, isDraining));
  app.route("/", keyRoutes(identity, receipts.publicKeys));
  app.route("/api/v1", v1);
  app.route(
    "/",
    docsRoutes(() => app),
  );
  return app;
}
