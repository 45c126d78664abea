import { workerJobs } from "../../app/job-registry.ts";
import type { Platform } from "../../app/platform/context.ts";

const duration = (seconds: number): string =>
  seconds % 3_600 === 0 ? `${seconds / 3_600} h` : seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;

export function renderBackgroundPage(): string {
  // A job keeps the platform for its runs; none is asked while the list is made.
  const rows = workerJobs({} as Platform).map(
    ({ name, everySeconds, worker = "money" }) => `| \`${name}\` | ${duration(everySeconds)} | ${worker} |`,
  );
  return [
    "# What runs in the background",
    "",
    "<!-- Written by `npm run generate` from app/job-registry.ts. Do not edit. -->",
    "",
    "Work that comes round by time. *money*: what phones and tills wait for; *long*: what may take long, in a process of its own. Each job stands in its room's `background.ts`, or in the file of its verb.",
    "Work that follows from a change is a row of the outbox: [notifications](notifications.md). To add one: [how-to/background-job.md](how-to/background-job.md).",
    "",
    "| job | every | worker |",
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
