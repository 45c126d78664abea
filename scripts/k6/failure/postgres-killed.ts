import { logInAndFill, paymentsUnder, payOnce } from "../lib/fault.ts";
import { assertLedger } from "../lib/ledger.ts";

// PostgreSQL is killed and started again: 503 meanwhile, and every payment is made once.
export const options = paymentsUnder({ answersBad: 0.9, faultSeconds: 3 });
export const setup = logInAndFill;
export default payOnce;
export const teardown = assertLedger;
export { breakAndMend } from "../lib/fault.ts";
export { handleSummary } from "../lib/summary.ts";
