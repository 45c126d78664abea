import { readFileSync } from "node:fs";
import path from "node:path";
import { webFolder } from "../apps.ts";

/** One address for each page of the student's app, by the path in its route table. */
export const studentPages: Readonly<Record<string, string>> = {
  "/": "/",
  "/c/$cafeId": "/c/{cafe}",
  "/t/$code": "/t/nothing",
  "/pay/$chargeId": "/pay/01900000-0000-7000-8000-000000000000",
  "/basket": "/basket",
  "/login": "/login",
  "/orders": "/orders",
  "/orders/$orderId": "/orders/{order}",
  "/wallet": "/wallet",
  "/receipts": "/receipts",
  "/verify": "/verify",
  "/gifts/$token": "/gifts/nothing",
  "/me": "/me",
};

export interface PortalPage {
  readonly address: string;
  /** Who looks at it; nobody is logged in where there is none. */
  readonly role?: string;
}

/** The same for the café's portal, with a role that may see the page. */
export const portalPages: Readonly<Record<string, PortalPage>> = {
  "/": { address: "/cafe/", role: "kitchen" },
  "/login": { address: "/cafe/login" },
  "/password": { address: "/cafe/password?user=somebody" },
  "/register": { address: "/cafe/register" },
  "/me": { address: "/cafe/me", role: "owner" },
  "/board": { address: "/cafe/board", role: "owner" },
  "/deliveries": { address: "/cafe/deliveries", role: "delivery" },
  "/sold-out": { address: "/cafe/sold-out", role: "owner" },
  "/menu": { address: "/cafe/menu", role: "owner" },
  "/menu/$itemId": { address: "/cafe/menu/{item}", role: "owner" },
  "/tables": { address: "/cafe/tables", role: "owner" },
  "/staff": { address: "/cafe/staff", role: "owner" },
  "/devices": { address: "/cafe/devices", role: "owner" },
  "/webhooks": { address: "/cafe/webhooks", role: "owner" },
  "/customers": { address: "/cafe/customers", role: "owner" },
  "/hours": { address: "/cafe/hours", role: "owner" },
  "/settings": { address: "/cafe/settings", role: "owner" },
  "/reports": { address: "/cafe/reports", role: "owner" },
  "/plan": { address: "/cafe/plan", role: "owner" },
  "/transactions": { address: "/cafe/transactions", role: "owner" },
  "/settlements": { address: "/cafe/settlements", role: "finance" },
  "/refunds": { address: "/cafe/refunds", role: "owner" },
  "/shifts": { address: "/cafe/shifts", role: "owner" },
  "/now": { address: "/cafe/now", role: "admin" },
  "/approve": { address: "/cafe/approve", role: "finance" },
  "/cafes": { address: "/cafe/cafes", role: "admin" },
  "/students": { address: "/cafe/students", role: "admin" },
  "/students/$studentId": { address: "/cafe/students/{student}", role: "admin" },
  "/import": { address: "/cafe/import", role: "admin" },
  "/bulk-credits": { address: "/cafe/bulk-credits", role: "finance" },
  "/bulk-credits/$bulkCreditId": { address: "/cafe/bulk-credits/{bulkCredit}", role: "finance" },
  "/bank": { address: "/cafe/bank", role: "finance" },
  "/disputes": { address: "/cafe/disputes", role: "finance" },
  "/reconciliation": { address: "/cafe/reconciliation", role: "finance" },
  "/failover": { address: "/cafe/failover", role: "finance" },
  "/ledger": { address: "/cafe/ledger", role: "finance" },
  "/audit": { address: "/cafe/audit", role: "admin" },
};

/** What opens over a page, by the button that opens it; of a student's where there is no role. */
export const sheets: readonly (PortalPage & { readonly button: string })[] = [
  { address: "/wallet", button: "+ 100 kr" },
  { address: "/wallet", button: "Other amount" },
  { address: "/c/{cafe}", button: "Cappuccino" },
  { address: "/cafe/me", role: "owner", button: "Change the authenticator app" },
  { address: "/cafe/menu", role: "owner", button: "Edit" },
  { address: "/cafe/menu", role: "owner", button: "Add a category" },
  { address: "/cafe/tables", role: "owner", button: "Show the code" },
  { address: "/cafe/tables", role: "owner", button: "Add a table" },
  { address: "/cafe/staff", role: "owner", button: "Add somebody" },
  { address: "/cafe/devices", role: "owner", button: "Enrol a till" },
  { address: "/cafe/webhooks", role: "owner", button: "Add an address" },
  { address: "/cafe/customers", role: "owner", button: "Edit" },
  { address: "/cafe/customers", role: "owner", button: "Add a customer" },
  { address: "/cafe/transactions", role: "owner", button: "View" },
  { address: "/cafe/shifts", role: "owner", button: "View" },
  { address: "/cafe/settlements", role: "finance", button: "How it adds up" },
  { address: "/cafe/approve", role: "finance", button: "Ask for a correction" },
  { address: "/cafe/disputes", role: "finance", button: "Look at it" },
  { address: "/cafe/cafes", role: "admin", button: "Suspend" },
  { address: "/cafe/students", role: "admin", button: "Add a student" },
];

/** The paths of a route table itself: a page that is new there and not above fails the suite. */
export function routedPaths(app: "student" | "cafe"): string[] {
  const source = readFileSync(path.join(webFolder, app, "router.tsx"), "utf8");
  return [...source.matchAll(/(?:\bpath: |page\()"([^"]+)"/g)].map(([, found]) => found ?? "");
}
