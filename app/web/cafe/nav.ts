import type { StaffRole } from "../shared/session/staff.ts";
import type { Words } from "./words/words.ts";

export interface NavPage {
  readonly to: string;
  readonly word: keyof Words["nav"];
  readonly group: keyof Words["groups"];
  /** Where the university's staff look for it, if not there. */
  readonly universityGroup?: keyof Words["groups"];
  readonly roles: readonly StaffRole[];
  /** It shows one café: the university's staff choose which. */
  readonly isOfCafe?: boolean;
}

/** Who sees which page, in the order of the menu. The server decides what may be done; this only leaves out what it would refuse. */
export const navPages: readonly NavPage[] = [
  { to: "/board", word: "board", group: "today", roles: ["owner", "cashier", "kitchen"] },
  { to: "/sold-out", word: "soldOut", group: "today", roles: ["owner", "kitchen"] },
  { to: "/deliveries", word: "deliveries", group: "today", roles: ["delivery"] },
  { to: "/shifts", word: "shifts", group: "today", roles: ["owner", "cashier"] },
  { to: "/refunds", word: "refunds", group: "today", roles: ["owner", "cashier"] },
  { to: "/now", word: "now", group: "today", roles: ["admin"] },
  { to: "/approve", word: "approve", group: "today", roles: ["finance", "admin"] },
  { to: "/cafes", word: "cafes", group: "campus", roles: ["admin", "finance"] },
  { to: "/students", word: "students", group: "campus", roles: ["admin"] },
  { to: "/import", word: "import", group: "campus", roles: ["admin"] },
  { to: "/reports", word: "reports", group: "numbers", roles: ["owner", "admin"], isOfCafe: true },
  { to: "/plan", word: "plan", group: "numbers", roles: ["owner", "admin"], isOfCafe: true },
  { to: "/transactions", word: "transactions", group: "numbers", roles: ["owner", "finance", "admin"] },
  { to: "/settlements", word: "settlements", group: "numbers", roles: ["owner", "finance", "admin"] },
  { to: "/customers", word: "customers", group: "numbers", roles: ["owner", "finance"], isOfCafe: true },
  { to: "/bulk-credits", word: "bulkCredits", group: "books", roles: ["finance", "admin"] },
  { to: "/bank", word: "bank", group: "books", roles: ["finance", "admin"] },
  { to: "/disputes", word: "disputes", group: "books", roles: ["finance", "admin"] },
  { to: "/reconciliation", word: "reconciliation", group: "books", roles: ["finance", "admin"] },
  { to: "/failover", word: "failover", group: "books", roles: ["finance", "admin"] },
  { to: "/ledger", word: "ledger", group: "books", roles: ["finance", "admin"] },
  { to: "/audit", word: "audit", group: "books", roles: ["admin"] },
  { to: "/menu", word: "menu", group: "cafe", roles: ["owner", "admin"], isOfCafe: true },
  { to: "/tables", word: "tables", group: "cafe", roles: ["owner", "admin"], isOfCafe: true },
  { to: "/staff", word: "staff", group: "cafe", universityGroup: "campus", roles: ["owner", "admin"] },
  { to: "/devices", word: "devices", group: "cafe", roles: ["owner", "admin"], isOfCafe: true },
  { to: "/hours", word: "hours", group: "cafe", roles: ["owner", "admin"], isOfCafe: true },
  { to: "/webhooks", word: "webhooks", group: "cafe", roles: ["owner"] },
  { to: "/settings", word: "settings", group: "cafe", roles: ["owner", "admin"], isOfCafe: true },
];

export function pagesOf(role: StaffRole): readonly NavPage[] {
  const own = navPages.filter(({ roles }) => roles.includes(role));
  const isOfUniversity = role === "admin" || role === "finance";
  return isOfUniversity ? own.map((page) => ({ ...page, group: page.universityGroup ?? page.group })) : own;
}

export const homeOf = (role: StaffRole): string => pagesOf(role)[0]?.to ?? "/me";

/** The page of the menu that an address belongs to: `/menu/…` is of `/menu`. */
export const navPageOf = (path: string): NavPage | undefined => navPages.find(({ to }) => path === to || path.startsWith(`${to}/`));
