import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { HomePage } from "./features/home/home-page.tsx";
import { MenuPage, TablePage } from "./features/menu/menu-page.tsx";
import { PayPage } from "./features/pay/pay-page.tsx";
import { FailedPage, MissingPage, Shell } from "./shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: MissingPage, errorComponent: FailedPage });
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: HomePage,
  validateSearch: (search): { charge?: string; cafe?: string; table?: string } => ({
    ...(text(search.charge) ? { charge: String(search.charge) } : {}),
    ...(text(search.cafe) ? { cafe: String(search.cafe) } : {}),
    ...(text(search.table) ? { table: String(search.table) } : {}),
  }),
});
const menu = createRoute({ getParentRoute: () => root, path: "/c/$cafeId", component: MenuPage });
const table = createRoute({ getParentRoute: () => root, path: "/t/$code", component: TablePage });
// In the first chunk: whoever is asked to pay waits for no file.
const pay = createRoute({ getParentRoute: () => root, path: "/pay/$chargeId", component: PayPage });
const basket = createRoute({
  getParentRoute: () => root,
  path: "/basket",
  component: lazyRouteComponent(() => import("./features/basket/basket-page.tsx"), "BasketPage"),
});
const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search): { to?: string } =>
    text(search.to)?.startsWith("/") && !text(search.to)?.startsWith("//") ? { to: String(search.to) } : {},
  component: lazyRouteComponent(() => import("./features/login/login-page.tsx"), "LoginPage"),
});
const orders = createRoute({
  getParentRoute: () => root,
  path: "/orders",
  component: lazyRouteComponent(() => import("./features/orders/orders-page.tsx"), "OrdersPage"),
});
const order = createRoute({
  getParentRoute: () => root,
  path: "/orders/$orderId",
  component: lazyRouteComponent(() => import("./features/orders/order-page.tsx"), "OrderPage"),
});
const wallet = createRoute({
  getParentRoute: () => root,
  path: "/wallet",
  validateSearch: (search): { amount?: number; back?: string } => ({
    ...(Number.isSafeInteger(Number(search.amount)) && Number(search.amount) > 0 ? { amount: Number(search.amount) } : {}),
    ...(text(search.back)?.startsWith("/pay/") ? { back: String(search.back) } : {}),
  }),
  component: lazyRouteComponent(() => import("./features/wallet/wallet-page.tsx"), "WalletPage"),
});
const receipts = createRoute({
  getParentRoute: () => root,
  path: "/receipts",
  component: lazyRouteComponent(() => import("./features/receipts/receipts-page.tsx"), "ReceiptsPage"),
});
const verify = createRoute({
  getParentRoute: () => root,
  path: "/verify",
  component: lazyRouteComponent(() => import("./features/receipts/verify-page.tsx"), "VerifyPage"),
});
const gift = createRoute({
  getParentRoute: () => root,
  path: "/gifts/$token",
  component: lazyRouteComponent(() => import("./features/gift/gift-page.tsx"), "GiftPage"),
});
const me = createRoute({
  getParentRoute: () => root,
  path: "/me",
  component: lazyRouteComponent(() => import("./features/me/me-page.tsx"), "MePage"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, menu, table, pay, basket, login, orders, order, wallet, receipts, verify, gift, me]),
  defaultPreload: "intent",
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
