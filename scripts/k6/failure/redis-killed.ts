import { logInAndFill, paymentsUnder, payOnce } from "../lib/fault.ts";
import { assertLedger } from "../lib/ledger.ts";

// Redis is killed in the middle of lunch and comes back empty. Nothing of money hangs on it.
export const options = paymentsUnder({ answersBad: 0.02, faultSeconds: 4 });
export const setup = logInAndFill;
export default payOnce;
export const teardown = assertLedger;
export { breakAndMend } from "../lib/fault.ts";
export { handleSummary } from "../lib/summary.ts";
