import type { MoneyStudent, Till } from "../money.ts";
import type { TestStaff } from "../people.ts";
import type { ClientLog } from "./history.ts";
import type { Random } from "./random.ts";
import type { RealCampus } from "./real-campus.ts";

/** A student who is here, with a phone and a second one. */
export interface Student extends MoneyStudent {
  readonly otherToken: string;
}

export interface VisitorParts {
  readonly campus: RealCampus;
  readonly log: ClientLog;
  readonly random: Random;
  readonly tills: readonly [Till, ...Till[]];
  /** Who refunds at each café, by the café's id. */
  readonly cashiers: ReadonlyMap<string, TestStaff>;
  readonly owners: ReadonlyMap<string, TestStaff>;
  readonly accountants: readonly [TestStaff, TestStaff];
  /** Students whose phones were asked in vain too often. */
  readonly refused: Set<string>;
  /** What the café has on its menu: its id and price. */
  readonly dishes: ReadonlyMap<string, { readonly id: string; readonly priceMinor: number }>;
}
