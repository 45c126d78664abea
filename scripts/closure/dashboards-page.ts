import { type Board, boards, type Panel, type Series } from "../../dashboards/boards.ts";
import { environments, regionPlans } from "../../regions/index.ts";

/** docs/dashboards.md: each board with its question, its picture and what each of its panels is for. */
export const renderDashboardsPage = (): string =>
  [
    "# The dashboards",
    "",
    "<!-- Written by `npm run generate` from dashboards/boards.ts. Do not edit. -->",
    "",
    "Ten pages, the same in CloudWatch, as Grafana's JSON ([dashboards/grafana](../dashboards/grafana/campus-now.json)) and, as far as the app says them itself, on `/ops` of a started system.",
    "The pictures show an hour in which Redis was stopped, somebody's transaction held every scan, and a tool took nine of ten connections (`npm run gameday -- pictures`):",
    "the app's lines are what its processes said then, AWS's are its stand-in's; where only AWS could say something, nothing is drawn.",
    "",
    ...boards.flatMap(section),
  ].join("\n");

const section = (board: Board): readonly string[] => [
  `## ${board.title}`,
  "",
  `**${board.question}** ${whoHasIt(board.name)}`,
  "",
  `![${board.title}: ${board.question}](pictures/board-${board.name}.webp)`,
  "",
  "| panel | drawn from | the line in it |",
  "|---|---|---|",
  ...board.panels.map((panel) => `| ${panel.title} | ${panel.series.map(sourceOf).join("<br>")} | ${lineOf(panel)} |`),
  "",
];

function whoHasIt(name: string): string {
  const having = Object.values(environments).flatMap((environment) =>
    regionPlans(environment)
      .filter(({ watching }) => watching.dashboards === "all" || (watching.dashboards as readonly string[]).includes(name))
      .map(({ region }) => `${environment.name} ${region}`),
  );
  return having.length === 0 ? "In no environment's CloudWatch." : `In CloudWatch: ${having.join(", ")}.`;
}

function sourceOf(series: Series): string {
  if ("promise" in series) return `\`slo_events_total{slo="${series.promise}"}\`, the good ones' share`;
  if ("namespace" in series) return `\`${series.namespace} ${series.name}\`, ${series.statistic}`;
  return `\`${series.app}\`, ${series.statistic}`;
}

const lineOf = ({ line }: Panel): string => (line ? `${line.label}: ${line.value}` : "");
