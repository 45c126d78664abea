import { fail } from "k6";
import { Counter } from "k6/metrics";
import { logInStaff } from "./log-in.ts";
import { bodyOf, send } from "./request.ts";

interface LedgerCheck {
  readonly ok: boolean;
  readonly invariants: readonly {
    readonly id: string;
    readonly ok: boolean;
    readonly violations: number;
    readonly sample: readonly unknown[];
  }[];
}

const balanced = new Counter("ledger_balanced");

/** Every run ends with this: a run that was fast and lost a payment has failed. */
export function assertLedger(): void {
  const answer = send("GET", "/admin/ledger/check", { as: logInStaff("finance"), name: "ledger check", expected: [200] });
  const { ok, invariants } = bodyOf<LedgerCheck>(answer, [200]);
  const broken = invariants.filter((invariant) => !invariant.ok);
  if (!ok || invariants.length === 0 || broken.length > 0) fail(`The ledger does not hold: ${JSON.stringify(broken)}`);
  balanced.add(1);
}
