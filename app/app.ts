import type { OpenAPIHono } from "@hono/zod-openapi";
import { docsRoutes } from "./docs/routes.ts";
import { healthRoutes } from "./health/routes.ts";
import type { Identity } from "./identity/identity.ts";
import { identityRoutes } from "./identity/routes.ts";
import type { Platform } from "./platform/context.ts";
import { createApplication } from "./platform/http/application.ts";
import { type HttpEnv, router } from "./platform/http/router.ts";
import { createErrorReporter } from "./platform/report-error.ts";

export interface AppParts {
  readonly platform: Platform;
  readonly identity: Identity;
  readonly isDraining: () => boolean;
}

/** Mounts the features; nothing else. */
export function createApp({ platform, identity, isDraining }: AppParts): OpenAPIHono<HttpEnv> {
  const app = createApplication(platform, createErrorReporter(platform.config, platform.log));
  const v1 = router();
  v1.route("/", identityRoutes(platform, identity));
  app.route("/", healthRoutes(platform, isDraining));
  app.route("/api/v1", v1);
  app.route(
    "/",
    docsRoutes(() => app),
  );
  return app;
}
