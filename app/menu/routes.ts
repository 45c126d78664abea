import type { Platform } from "../platform/context.ts";
import { router } from "../platform/http/router.ts";
import { categoryRoutes } from "./category-routes.ts";
import { itemRoutes } from "./item-routes.ts";
import { publicMenuRoutes } from "./public-routes.ts";
import { stockRoutes } from "./stock-routes.ts";

/** What everybody reads, and what a café does with its menu. */
export const menuRoutes = (platform: Platform) =>
  router()
    .route("/", publicMenuRoutes(platform))
    .route("/", categoryRoutes(platform))
    .route("/", itemRoutes(platform))
    .route("/", stockRoutes(platform));
