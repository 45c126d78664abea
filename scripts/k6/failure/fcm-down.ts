import { logInAndFill, paymentsUnder, payOnce } from "../lib/fault.ts";
import { assertLedger } from "../lib/ledger.ts";

// FCM swallows every push: the phone finds the charge by asking.
export const options = paymentsUnder({ answersBad: 0, faultSeconds: 4 });
export const setup = logInAndFill;
export default payOnce;
export const teardown = assertLedger;
export { breakAndMend } from "../lib/fault.ts";
export { handleSummary } from "../lib/summary.ts";
