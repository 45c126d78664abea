import { environments } from "../../regions/index.ts";
import { heard, type Row, readClosure } from "./closure.ts";

/** docs/alarms.md: from an alarm to its metric, its graphs, its page, its checks and the day on which it was heard. */
export const renderClosurePage = (): string => {
  const { production } = environments;
  if (!production) throw new Error("regions/ has no environment production.");
  return [
    "# Every alarm, and what belongs to it",
    "",
    "<!-- Written by `npm run generate` from what is synthesized, dashboards/, runbooks/ and dashboards/gamedays.ts. Do not edit. -->",
    "",
    "`P` wakes somebody, `T` is for the next working day. Checks: those that run beside a started system in `npm test`, and those that need an account (or the rehearsal).",
    "A game day (`npm run gameday -- NAME`) puts the fault in, hears the alarm within its time and no other page, and mends it by the page.",
    "Where it says *planted* only AWS can say the metric, or it takes hours: its lines are planted, and every alarm of the region, as synthesized, is evaluated on them.",
    "`budget-exceeded` is a mail of AWS Budgets and no alarm.",
    "",
    "| alarm | | metric | panels | page | checks | heard | k6 |",
    "|---|---|---|---|---|--:|---|---|",
    ...readClosure(production).map(line),
    "",
  ].join("\n");
};

const line = (row: Row): string => {
  const { alarm, severity, metrics, panels, page, checks, k6 } = row;
  const cells = [
    `\`${alarm}\``,
    severity === "page" ? "P" : "T",
    metrics.length === 0 ? "event of AWS" : metrics.join("<br>"),
    panels.slice(0, 2).join("<br>") + (panels.length > 2 ? `<br>and ${panels.length - 2} more` : ""),
    `[${page}](../runbooks/${page}.md)`,
    `${checks.here} + ${checks.aws}`,
    heard(row) ?? "",
    k6 ?? "",
  ];
  return `| ${cells.join(" | ")} |`;
};
