import type { Platform } from "../platform/context.ts";
import { router } from "../platform/http/router.ts";
import { authRoutes } from "./auth-routes.ts";
import { deviceRoutes } from "./device-routes.ts";
import { factorRoutes } from "./factor-routes.ts";
import type { Identity } from "./identity.ts";
import { outcomeRoutes } from "./outcome-routes.ts";
import { passkeyRoutes } from "./passkey-routes.ts";
import { profileRoutes } from "./profile-routes.ts";
import { sessionRoutes } from "./session-routes.ts";

/** Who is calling: logins, the own profile, and the café's devices. */
export function identityRoutes(platform: Platform, identity: Identity) {
  const routes = router();
  routes.route("/", authRoutes(platform, identity));
  routes.route("/", factorRoutes(platform, identity));
  routes.route("/", passkeyRoutes(platform, identity));
  routes.route("/", sessionRoutes(platform, identity));
  routes.route("/", profileRoutes(platform));
  routes.route("/", outcomeRoutes(platform));
  routes.route("/", deviceRoutes(platform, identity));
  return routes;
}
