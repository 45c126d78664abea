import type { Platform } from "../platform/context.ts";
import { router } from "../platform/http/router.ts";
import { closeOutRoutes } from "./close-out-routes.ts";
import { settlementRoutes } from "./settlement-routes.ts";

/** Money that leaves for a bank: the cafés' days, and the rest of a student who goes. */
export const payOutRoutes = (platform: Platform) => router().route("/", settlementRoutes(platform)).route("/", closeOutRoutes(platform));
