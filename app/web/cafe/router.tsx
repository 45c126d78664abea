import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { HomePage, LoginPage } from "./features/login/login-page.tsx";
import { FailedPage, MissingPage, Shell } from "./shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: MissingPage, errorComponent: FailedPage });

/** A page of its own file, loaded when somebody goes there. */
const page = <const Path extends string, Module extends Record<string, unknown>>(
  path: Path,
  load: () => Promise<Module>,
  name: keyof Module & string,
) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load as () => Promise<Record<string, () => React.ReactNode>>, name),
  });

const routes = root.addChildren([
  createRoute({ getParentRoute: () => root, path: "/", component: HomePage }),
  createRoute({ getParentRoute: () => root, path: "/login", component: LoginPage }),
  page("/password", () => import("./features/login/password-page.tsx"), "PasswordPage"),
  page("/register", () => import("./features/login/register-page.tsx"), "RegisterPage"),
  page("/me", () => import("./features/login/me-page.tsx"), "MePage"),
  page("/board", () => import("./features/board/board-page.tsx"), "BoardPage"),
]);

export const router = createRouter({ routeTree: routes, basepath: "/cafe", defaultPreload: "intent", scrollRestoration: false });
