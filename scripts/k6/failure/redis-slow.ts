import { logInAndFill, paymentsUnder, payOnce } from "../lib/fault.ts";
import { assertLedger } from "../lib/ledger.ts";

// Redis answers after a time that nobody waits for.
export const options = paymentsUnder({ answersBad: 0.02, faultSeconds: 4 });
export const setup = logInAndFill;
export default payOnce;
export const teardown = assertLedger;
export { breakAndMend } from "../lib/fault.ts";
export { handleSummary } from "../lib/summary.ts";
