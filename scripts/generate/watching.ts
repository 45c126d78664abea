import { stringify } from "yaml";
import { boards } from "../../dashboards/boards.ts";
import { grafanaDashboard } from "../../dashboards/grafana.ts";
import { prometheusRules } from "../../dashboards/prometheus.ts";
import type { Generator } from "./generator.ts";

/** For those who run Prometheus and Grafana: the same promises, alarms and boards. */
export const watching: readonly Generator[] = [
  {
    file: "dashboards/prometheus/campus-pay.rules.yml",
    make: () =>
      `# Written by \`npm run generate\` from dashboards/slo.ts and dashboards/app-alarms.ts. Do not edit.\n${stringify(prometheusRules())}`,
  },
  ...boards
    .filter((board) => grafanaDashboard(board).panels.length > 0)
    .map((board) => ({
      file: `dashboards/grafana/${board.name}.json`,
      make: () => `${JSON.stringify(grafanaDashboard(board), null, 2)}\n`,
    })),
];
