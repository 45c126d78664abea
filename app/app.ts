import type { OpenAPIHono } from "@hono/zod-openapi";
import { bankRoutes } from "./bank/routes.ts";
import { xmlType } from "./bank/statement-routes.ts";
import { cafeAdminRoutes } from "./cafes/admin-routes.ts";
import { cafeRoutes } from "./cafes/routes.ts";
import { tableLinkRoutes, tableRoutes } from "./cafes/table-routes.ts";
import { cardRoutes } from "./cards/routes.ts";
import { posRoutes } from "./charges/pos-routes.ts";
import { chargeRoutes } from "./charges/routes.ts";
import { checkRoutes } from "./checks/routes.ts";
import { counterRoutes } from "./counter/routes.ts";
import { docsRoutes } from "./docs/routes.ts";
import { failoverRoutes } from "./failover/routes.ts";
import { grantRoutes } from "./grants/routes.ts";
import { healthRoutes } from "./health/routes.ts";
import { countAnswer } from "./health/slo-events.ts";
import { withIdentity } from "./identity/guards.ts";
import type { Identity } from "./identity/identity.ts";
import { keyRoutes } from "./identity/key-routes.ts";
import { identityRoutes } from "./identity/routes.ts";
import { pictureRoutes } from "./images/picture-routes.ts";
import { imageRoutes } from "./images/routes.ts";
import { ledgerRoutes } from "./ledger/routes.ts";
import { announceRequests } from "./live/announce.ts";
import type { Live } from "./live/live.ts";
import { liveRoutes } from "./live/routes.ts";
import { menuRoutes } from "./menu/routes.ts";
import { opsPageRoutes, opsRoutes } from "./ops/routes.ts";
import { orderRoutes } from "./orders/routes.ts";
import { gatewayRoutes } from "./payments/routes.ts";
import { peopleRoutes } from "./people/routes.ts";
import type { Platform } from "./platform/context.ts";
import { createApplication } from "./platform/http/application.ts";
import { type HttpEnv, router } from "./platform/http/router.ts";
import { createErrorReporter } from "./platform/report-error.ts";
import { createReceiptSigner } from "./receipts/receipt-signer.ts";
import { receiptRoutes } from "./receipts/routes.ts";
import { verifyRoutes } from "./receipts/verify-routes.ts";
import { reconciliationRoutes } from "./reconciliation/routes.ts";
import { publishedRoutes } from "./reports/published-routes.ts";
import { reportRoutes } from "./reports/routes.ts";
import { transactionRoutes } from "./reports/transaction-routes.ts";
import { settingRoutes } from "./settings/routes.ts";
import { payOutRoutes } from "./settlements/routes.ts";
import { webhookRoutes } from "./webhooks/routes.ts";

export interface AppParts {
  readonly platform: Platform;
  readonly identity: Identity;
  readonly live: Live;
  readonly isDraining: () => boolean;
}

/** A line for each person of a university, an entry for each movement of its account. */
const longBodies = {
  "/api/v1/admin/students/import": /^text\/csv\b/i,
  "/api/v1/admin/bulk-credits": /^text\/csv\b/i,
  "/api/v1/admin/bank-statements": xmlType,
};

/** Mounts the features; nothing else. */
export function createApp({ platform, identity, live, isDraining }: AppParts): OpenAPIHono<HttpEnv> {
  const reportError = createErrorReporter(platform.config, platform.log);
  const app = createApplication(platform, reportError, (answer) => countAnswer(platform.metrics, answer), longBodies);
  const receipts = createReceiptSigner(platform);
  const v1 = router();
  v1.use(announceRequests);
  v1.use(withIdentity(identity));
  v1.route("/", identityRoutes(platform, identity));
  v1.route("/", cafeRoutes(platform, identity));
  v1.route("/", cafeAdminRoutes(platform));
  v1.route("/", tableRoutes(platform));
  v1.route("/", settingRoutes(platform));
  v1.route("/", menuRoutes(platform));
  v1.route("/", imageRoutes(platform));
  v1.route("/", peopleRoutes(platform, identity));
  v1.route("/", transactionRoutes(platform));
  v1.route("/", reportRoutes(platform));
  v1.route("/", publishedRoutes(platform));
  // Before the orders: in /admin/orders/stream the last part is no order's id.
  v1.route("/", liveRoutes(platform, identity, live));
  v1.route("/", orderRoutes(platform));
  v1.route("/", posRoutes(platform));
  v1.route("/", counterRoutes(platform, identity));
  v1.route("/", receiptRoutes(platform, receipts));
  v1.route("/", chargeRoutes(platform, receipts));
  v1.route("/", cardRoutes(platform));
  v1.route("/", ledgerRoutes(platform));
  v1.route("/", grantRoutes(platform));
  v1.route("/", checkRoutes(platform));
  v1.route("/", gatewayRoutes(platform));
  v1.route("/", failoverRoutes(platform, receipts));
  v1.route("/", payOutRoutes(platform));
  v1.route("/", bankRoutes(platform));
  v1.route("/", reconciliationRoutes(platform));
  v1.route("/", webhookRoutes(platform));
  v1.route("/", opsRoutes(platform));
  app.route("/", healthRoutes(platform, isDraining));
  app.route("/", opsPageRoutes());
  app.route("/", keyRoutes(identity, receipts.publicKeys));
  app.route("/", verifyRoutes(receipts));
  app.route("/", tableLinkRoutes(platform));
  app.route("/", pictureRoutes(platform));
  app.route("/api/v1", v1);
  app.route(
    "/",
    docsRoutes(() => app),
  );
  return app;
}
