import type { Platform } from "../platform/context.ts";
import { router } from "../platform/http/router.ts";
import { cafeAccountRoutes } from "./cafe-account-routes.ts";
import { paymentFileRoutes } from "./payment-file-routes.ts";
import { statementRoutes } from "./statement-routes.ts";

/** What the bank is told, and what it says that it did. */
export const bankRoutes = (platform: Platform) =>
  router().route("/", cafeAccountRoutes(platform)).route("/", paymentFileRoutes(platform)).route("/", statementRoutes(platform));
