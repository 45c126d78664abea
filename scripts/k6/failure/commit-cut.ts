import { logInAndFill, paymentsUnder, payOnce } from "../lib/fault.ts";
import { assertLedger } from "../lib/ledger.ts";

// The wire to PostgreSQL is cut around COMMIT, before and after: nobody knows what happened until it is looked up.
export const options = paymentsUnder({ answersBad: 0.4, faultSeconds: 5 });
export const setup = logInAndFill;
export default payOnce;
export const teardown = assertLedger;
export { breakAndMend } from "../lib/fault.ts";
export { handleSummary } from "../lib/summary.ts";
