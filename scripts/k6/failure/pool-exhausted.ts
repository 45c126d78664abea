import { logInAndFill, paymentsUnder, payOnce } from "../lib/fault.ts";
import { assertLedger } from "../lib/ledger.ts";

// A long lock holds every connection of the pools.
export const options = paymentsUnder({ answersBad: 0.9, faultSeconds: 3 });
export const setup = logInAndFill;
export default payOnce;
export const teardown = assertLedger;
export { breakAndMend } from "../lib/fault.ts";
export { handleSummary } from "../lib/summary.ts";
