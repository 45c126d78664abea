import { check } from "k6";
import exec from "k6/execution";
import { cafeAt } from "../lib/campus.ts";
import { assertLedger } from "../lib/ledger.ts";
import { arrivals, scansASecond, seconds } from "../lib/profile.ts";
import { send } from "../lib/request.ts";
import { everyRun, promisedReads } from "../lib/thresholds.ts";

// Ten look at a menu for each one who buys.
export const options = {
  scenarios: { browse: arrivals(scansASecond * 10, seconds, 1) },
  thresholds: { ...everyRun, ...promisedReads },
};

export default function (): void {
  const cafe = cafeAt(exec.scenario.iterationInTest);
  const answer = send("GET", `/menu/items?cafe_id=${cafe.id}&limit=100`, { name: "menu", expected: [200] });
  check(answer, { "the café's dishes are on it": ({ body }) => cafe.items.slice(0, 1).every(({ id }) => body.includes(id)) });
}
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
