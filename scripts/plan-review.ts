import { reportAndSetExitCode } from "../app/local/plain-error.ts";
import { parseOptions } from "./plan-review/options.ts";
import { readPlans } from "./plan-review/read-plans.ts";
import { render } from "./plan-review/report.ts";
import { reviewPlans } from "./plan-review/review.ts";

/** `npm run plan:review -- PLAN.json…`: what a person should see before an apply. Exit 1 when something is gated, 2 for bad input. */
try {
  const { paths, acceptances } = parseOptions(process.argv.slice(2));
  const plans = readPlans(paths);
  const review = reviewPlans(plans, acceptances);
  console.log(render(review, plans.length));
  process.exitCode = review.passes ? 0 : 1;
} catch (error) {
  reportAndSetExitCode(error);
}
