import { burnRates, noBudget, type Objective, objectives, recovery, windowDays } from "../../dashboards/slo.ts";

const seconds = (ms: number) => `${ms / 1000} s`;
const percent = (share: number) => `${(share * 100).toFixed(2).replace(/\.?0+$/, "")} %`;
/** How long everything may be down in the window before the promise is broken. */
const minutesOf = (target: number) => `${((1 - target) * windowDays * 24 * 60).toFixed(0)} min`;

export const renderSloPage = (): string =>
  [
    "# What we promise, and how it is watched",
    "",
    "<!-- Written by `npm run generate` from dashboards/slo.ts. Do not edit. -->",
    "",
    `Over ${windowDays} days, in each region. An event is good when it was answered in time; a refusal that is right (too little money, a closed café) is an answer.`,
    "",
    "| name | promise | target | good within | 95 of 100 within | the month's budget, all at once |",
    "|---|---|--:|--:|--:|--:|",
    ...Object.entries(objectives).map(([name, one]: [string, Objective]) => {
      const p95 = one.p95Ms === undefined ? "" : `${one.p95Ms} ms`;
      return `| \`${name}\` | ${one.promise} | ${percent(one.target)} | ${seconds(one.withinMs)} | ${p95} | ${minutesOf(one.target)} |`;
    }),
    "",
    `Without a budget, one is too many: ${Object.values(noBudget).join("; ")}.`,
    "",
    `A lost region: back within ${recovery.regionRtoMinutes} minutes (RTO), at most ${recovery.regionRpoMinutes} minutes of payments to present again (RPO). Yesterday's sales are ready at ${recovery.salesReadyAt} on ${percent(recovery.salesReadyTarget)} of days.`,
    "",
    "## When somebody is woken",
    "",
    "By how fast the budget burns, over a long and a short window at once, so that an alarm comes soon and ends soon.",
    "",
    "| burn | rate | long window | short window | tells by | spent by then |",
    "|---|--:|--:|--:|---|--:|",
    ...Object.entries(burnRates).map(
      ([name, { rate, longMinutes, shortMinutes, severity }]) =>
        `| ${name} | ${rate} × | ${longMinutes / 60} h | ${shortMinutes} min | ${severity} | ${percent((rate * longMinutes) / (windowDays * 24 * 60))} |`,
    ),
    "",
    "And by a floor: the short window must hold a number of bad events, else one failed confirm at night would be a burn of 2,000 × and wake somebody:",
    `${Object.entries(objectives)
      .map(([name, { fewestBad }]) => `\`${name}\` ${fewestBad}`)
      .join(", ")}.`,
    "",
    "A target above 99.95 % is not watched this way: its budget would be gone before the fast alarm rings. `confirm` stands on that edge: at a full outage the fast alarm rings after about three minutes, when 14 % of the month's 22 minutes are gone.",
    "",
    "The events are decided in the handlers (`slo_events_total{slo,good}`, `SloEvents` in CloudWatch): [app/health/slo-events.ts](../app/health/slo-events.ts).",
    "",
  ].join("\n");
