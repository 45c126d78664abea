import type { StaffRole } from "../shared/session/staff.ts";
import type { Words } from "./words/words.ts";

export interface NavPage {
  readonly to: string;
  readonly word: keyof Words["nav"];
  readonly group: keyof Words["groups"];
  readonly roles: readonly StaffRole[];
  /** It shows one café: the university's staff choose which. */
  readonly isOfCafe?: boolean;
}

/** Who sees which page, in the order of the menu. The server decides what may be done; this only leaves out what it would refuse. */
export const navPages: readonly NavPage[] = [{ to: "/board", word: "board", group: "today", roles: ["owner", "cashier", "kitchen"] }];

export const pagesOf = (role: StaffRole): readonly NavPage[] => navPages.filter(({ roles }) => roles.includes(role));

export const homeOf = (role: StaffRole): string => pagesOf(role)[0]?.to ?? "/me";

/** The page of the menu that an address belongs to: `/menu/…` is of `/menu`. */
export const navPageOf = (path: string): NavPage | undefined => navPages.find(({ to }) => path === to || path.startsWith(`${to}/`));
