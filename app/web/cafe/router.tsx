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
  page("/deliveries", () => import("./features/board/deliveries-page.tsx"), "DeliveriesPage"),
  page("/sold-out", () => import("./features/menu/sold-out-page.tsx"), "SoldOutPage"),
  page("/menu", () => import("./features/menu/menu-page.tsx"), "MenuPage"),
  page("/menu/$itemId", () => import("./features/menu/item-page.tsx"), "ItemPage"),
  page("/tables", () => import("./features/tables/tables-page.tsx"), "TablesPage"),
  page("/staff", () => import("./features/people/staff-page.tsx"), "StaffPage"),
  page("/devices", () => import("./features/people/devices-page.tsx"), "DevicesPage"),
  page("/webhooks", () => import("./features/people/webhooks-page.tsx"), "WebhooksPage"),
  page("/customers", () => import("./features/people/customers-page.tsx"), "CustomersPage"),
  page("/hours", () => import("./features/cafe/hours-page.tsx"), "HoursPage"),
  page("/settings", () => import("./features/cafe/settings-page.tsx"), "SettingsPage"),
  page("/reports", () => import("./features/reports/reports-page.tsx"), "ReportsPage"),
  page("/plan", () => import("./features/reports/plan-page.tsx"), "PlanPage"),
  page("/transactions", () => import("./features/money/transactions-page.tsx"), "TransactionsPage"),
  page("/settlements", () => import("./features/money/settlements-page.tsx"), "SettlementsPage"),
  page("/refunds", () => import("./features/money/refunds-page.tsx"), "RefundsPage"),
  page("/shifts", () => import("./features/money/shifts-page.tsx"), "ShiftsPage"),
  page("/now", () => import("./features/university/now-page.tsx"), "NowPage"),
  page("/approve", () => import("./features/university/approve-page.tsx"), "ApprovePage"),
  page("/cafes", () => import("./features/university/cafes-page.tsx"), "CafesPage"),
  page("/students", () => import("./features/university/students-page.tsx"), "StudentsPage"),
  page("/students/$studentId", () => import("./features/university/student-page.tsx"), "StudentPage"),
  page("/import", () => import("./features/university/import-page.tsx"), "ImportPage"),
  page("/bulk-credits", () => import("./features/university/bulk-credits-page.tsx"), "BulkCreditsPage"),
  page("/bulk-credits/$bulkCreditId", () => import("./features/university/bulk-credit-page.tsx"), "BulkCreditPage"),
  page("/bank", () => import("./features/bank/bank-page.tsx"), "BankPage"),
  page("/disputes", () => import("./features/university/disputes-page.tsx"), "DisputesPage"),
  page("/reconciliation", () => import("./features/university/reconciliation-page.tsx"), "ReconciliationPage"),
  page("/failover", () => import("./features/university/failover-page.tsx"), "FailoverPage"),
  page("/ledger", () => import("./features/university/ledger-page.tsx"), "LedgerPage"),
  page("/audit", () => import("./features/university/audit-page.tsx"), "AuditPage"),
]);

export const router = createRouter({ routeTree: routes, basepath: "/cafe", defaultPreload: "intent", scrollRestoration: false });
