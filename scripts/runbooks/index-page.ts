import { type Page, readPages } from "./page.ts";

/** runbooks/README.md: from an alarm, from what somebody sees, from a part of the system, to the page. */
export function renderIndex(pages: readonly Page[] = readPages()): string {
  const link = (page: Page) => `[${page.title}](${page.name}.md)`;
  const byService = Map.groupBy(
    pages.flatMap((page) => page.services.map((service) => ({ service, page }))),
    ({ service }) => service,
  );
  return [
    "# Runbooks",
    "",
    "<!-- Written by `npm run generate` from the pages' front matter. Do not edit. -->",
    "",
    "Woken? Find the alarm's name, or what people see, and follow the page from its top. Commands marked `sh check` read only, stand with the",
    "answer they should give, and run in the test suite beside a started system; `sh check aws` run in the rehearsal's drills. `sh change` changes",
    "something, and the line after it says how to take it back.",
    "",
    "In a terminal: `export CAMPUS_URL=https://…` for the environment; beside `npm start` nothing is needed. SQL goes to the database that",
    "`DATABASE_URL` names, by default the started one; what says `--as superuser` needs a login there that may see other sessions (RDS' master user, or",
    "one with `pg_monitor`): anybody else is told that nobody waits.",
    "",
    "## By alarm",
    "",
    "| alarm | page |",
    "|---|---|",
    ...pages
      .flatMap((page) => page.alarms.map((alarm) => ({ alarm, page })))
      .toSorted((one, other) => one.alarm.localeCompare(other.alarm, "en"))
      .map(({ alarm, page }) => `| \`${alarm}\` | ${link(page)} |`),
    "",
    "## By what people see",
    "",
    "| somebody says | page |",
    "|---|---|",
    ...pages.flatMap((page) => page.symptoms.map((symptom) => `| ${symptom} | ${link(page)} |`)),
    "",
    "## By part",
    "",
    "| part | pages |",
    "|---|---|",
    ...[...byService]
      .toSorted(([one], [other]) => one.localeCompare(other, "en"))
      .map(([service, found]) => `| ${service} | ${found.map(({ page }) => link(page)).join(" · ")} |`),
    "",
    "## Procedures",
    "",
    ...pages.filter(({ severity }) => severity === "procedure").map((page) => `- ${link(page)}`),
    "",
  ].join("\n");
}
