import type { Identity } from "../identity/identity.ts";
import type { Platform } from "../platform/context.ts";
import { router } from "../platform/http/router.ts";
import { auditRoutes } from "./audit-routes.ts";
import { customerRoutes } from "./customer-routes.ts";
import { importRoutes } from "./import-routes.ts";
import { meRoutes } from "./me-routes.ts";
import { staffRequestRoutes } from "./staff-request-routes.ts";
import { staffRoutes } from "./staff-routes.ts";
import { stepUpRoutes } from "./step-up-routes.ts";
import { studentCardRoutes } from "./student-card-routes.ts";
import { studentRoutes } from "./student-routes.ts";

/** Who the people are: students, customers, staff, and the trail of what staff changed. */
export function peopleRoutes(platform: Platform, identity: Identity) {
  const routes = router();
  // Before the students: "import" is no student's id.
  routes.route("/", importRoutes(platform));
  routes.route("/", studentRoutes(platform, identity));
  routes.route("/", studentCardRoutes());
  routes.route("/", customerRoutes(platform));
  routes.route("/", staffRoutes(platform, identity));
  routes.route("/", staffRequestRoutes(platform, identity));
  routes.route("/", stepUpRoutes(platform));
  routes.route("/", meRoutes(platform, identity));
  routes.route("/", auditRoutes(platform));
  return routes;
}
