import { runCommand } from "../app/local/command.ts";
import { command, optionsOf } from "./plan-review/options.ts";
import { readPlans } from "./plan-review/read-plans.ts";
import { render } from "./plan-review/report.ts";
import { reviewPlans } from "./plan-review/review.ts";

export { command };

await runCommand(import.meta, command, (asked) => {
  const { paths, acceptances } = optionsOf(asked);
  const plans = readPlans(paths);
  const review = reviewPlans(plans, acceptances);
  console.log(render(review, plans.length));
  return review.passes ? 0 : 1;
});
