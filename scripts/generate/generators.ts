import { renderApiDocument } from "../../app/testing/api-document.ts";
import { renderDashboardsPage } from "../closure/dashboards-page.ts";
import { renderClosurePage } from "../closure/page.ts";
import { costPage, renderCostPage } from "../cost/page.ts";
import { diagrams } from "../diagrams/diagrams.ts";
import { readLicences, renderLicences } from "../licences.ts";
import { renderIndex } from "../runbooks/index-page.ts";
import { renderAnalyticsPage } from "./analytics-page.ts";
import { renderAsvsPage } from "./asvs-page.ts";
import { renderBackgroundPage } from "./background-page.ts";
import { renderConfigurationPage } from "./configuration-page.ts";
import { decisionsIndex, renderDecisionsIndex } from "./decisions-index.ts";
import { renderEnvironmentExample } from "./environment-example.ts";
import type { Generator } from "./generator.ts";
import { renderScalingPage } from "./scaling-page.ts";
import { renderSchemaPage } from "./schema-page.ts";
import { renderSloPage } from "./slo-page.ts";
import { watching } from "./watching.ts";

export const generators: readonly Generator[] = [
  { file: "docs/openapi.json", make: renderApiDocument },
  { file: "docs/configuration.md", make: renderConfigurationPage },
  { file: "docs/schema.md", make: renderSchemaPage },
  { file: ".env.example", make: renderEnvironmentExample },
  { file: "docs/asvs.md", make: renderAsvsPage },
  { file: costPage, make: renderCostPage },
  ...diagrams,
  { file: "docs/slo.md", make: renderSloPage },
  { file: "docs/background.md", make: renderBackgroundPage },
  { file: decisionsIndex, make: renderDecisionsIndex },
  { file: "docs/analytics-tables.md", make: renderAnalyticsPage },
  ...watching,
  { file: "docs/scaling.md", make: renderScalingPage },
  { file: "docs/alarms.md", make: renderClosurePage },
  { file: "docs/dashboards.md", make: renderDashboardsPage },
  { file: "runbooks/README.md", make: () => renderIndex() },
  { file: "docs/licences.md", make: (root) => renderLicences(readLicences(root)) },
];
