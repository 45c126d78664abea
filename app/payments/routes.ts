import type { Platform } from "../platform/context.ts";
import { router } from "../platform/http/router.ts";
import { disputeRoutes } from "./dispute-routes.ts";
import { giftRoutes } from "./gift-routes.ts";
import { paymentRoutes } from "./payment-routes.ts";
import { refundCaseRoutes } from "./refund-case-routes.ts";
import { topUpRoutes } from "./top-up-routes.ts";

/** Money that comes in through the gateway, and what its customers dispute. */
export const gatewayRoutes = (platform: Platform) =>
  router()
    .route("/", topUpRoutes(platform))
    .route("/", giftRoutes(platform))
    .route("/", paymentRoutes(platform))
    .route("/", disputeRoutes(platform))
    .route("/", refundCaseRoutes(platform));
