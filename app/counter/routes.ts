import type { Identity } from "../identity/identity.ts";
import type { Platform } from "../platform/context.ts";
import { router } from "../platform/http/router.ts";
import { adminShiftRoutes } from "./admin-shift-routes.ts";
import { saleRoutes } from "./sale-routes.ts";
import { shiftRoutes } from "./shift-routes.ts";
import { tillRoutes } from "./till-routes.ts";

/** What a terminal sells, gives back and closes. */
export const counterRoutes = (platform: Platform, identity: Identity) =>
  router()
    .route("/", tillRoutes(platform))
    .route("/", saleRoutes(platform, identity))
    .route("/", shiftRoutes(platform, identity))
    .route("/", adminShiftRoutes(platform));
