import type { MoneyStudent } from "../../app/testing/money.ts";
import type { TestStaff } from "../../app/testing/people.ts";
import type { Acknowledged, Shop } from "./shoppers.ts";

/** Everything that the drill works with once the campus stands. */
export interface DrillCampus {
  readonly students: readonly MoneyStudent[];
  readonly shops: readonly [Shop, ...Shop[]];
  readonly accountants: readonly [TestStaff, TestStaff];
  readonly urls: readonly [string, string];
  readonly fundedMinor: number;
}

/** What the second server has, before anybody brings anything. */
export interface Truth {
  readonly lost: readonly Acknowledged[];
  readonly survivedReceiptIds: ReadonlySet<string>;
  readonly newestAtMs: number;
}
