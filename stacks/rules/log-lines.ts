import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { resourcesOf, type Synthesized } from "./synthesized.ts";

type Line = Readonly<Record<string, unknown>>;

/** CloudWatch's filter pattern for JSON, as much of it as we use: comparisons of `$.field`, joined by ||. */
export function matches(pattern: string, line: Line): boolean {
  const inside = /^\{(.*)\}$/.exec(pattern.trim())?.[1];
  if (inside === undefined)
    throw new Error(`the filter pattern "${pattern}" is not of the form { $.field = value }; teach stacks/rules/log-lines.ts.`);
  return inside.split("||").some((part) => {
    const [, field = "", operator = "", text = ""] = /^\s*\$\.(\w+)\s*(=|>=)\s*(\S+)\s*$/.exec(part) ?? [];
    if (field === "") throw new Error(`the filter pattern has "${part}", which stacks/rules/log-lines.ts does not know; teach it.`);
    const value = line[field];
    if (text.startsWith('"')) return operator === "=" && value === JSON.parse(text);
    return typeof value === "number" && (operator === "=" ? value === Number(text) : value >= Number(text)); // a number never equals a text
  });
}

/** Metric filters that would count nothing, or everything: tried on lines that the app's own logger has written. */
export function filtersThatNeverMatch(synthesized: Synthesized, error: Line, harmless: Line): string[] {
  return resourcesOf(synthesized, "aws_cloudwatch_log_metric_filter").flatMap(({ path, body }) => [
    ...(matches(body.pattern, error)
      ? []
      : [`${path} does not match an error line of the app (${JSON.stringify(error)}): its metric stays 0 for ever.`]),
    ...(matches(body.pattern, harmless) ? [`${path} matches a line that is no error: its metric counts everything.`] : []),
  ]);
}

/** Headers from which the app takes a token, read from its sources. */
export function tokenHeaders(): string[] {
  const app = new URL("../../app/", import.meta.url).pathname;
  const files = readdirSync(app, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !/^(testing|local|web)\//.test(file),
  );
  const texts = files.map((file) => readFileSync(join(app, file), "utf8"));
  const named = texts.flatMap((text) =>
    [...text.matchAll(/"((?:[\w-]*authorization)|sec-websocket-protocol|cookie)"/gi)].map(([, name = ""]) => name.toLowerCase()),
  );
  return [...new Set(named)].filter((name) => name !== "proxy-authorization").sort();
}

/** What lets somebody in and would be written down by AWS: headers and queries in the logs of web ACLs, queries in those of the edge. */
export function tokensInLogs(synthesized: Synthesized, headers: readonly string[]): string[] {
  const acls = resourcesOf(synthesized, "aws_wafv2_web_acl_logging_configuration").flatMap(({ path, body }) => {
    const redacted = JSON.stringify(body.redacted_fields ?? []);
    const missing = [...headers.map((name) => `{"name":"${name}"}`), '"query_string"'].filter((field) => !redacted.includes(field));
    return missing.map((field) => `${path} logs ${field}, which may hold a token; redact it.`);
  });
  const edge = resourcesOf(synthesized, "aws_cloudwatch_log_delivery").flatMap(({ path, body }) => {
    const fields: readonly string[] = body.record_fields ?? ["cs-uri-query"]; // all, when none is chosen
    return fields
      .filter((field) => /query|cookie|referer/i.test(field))
      .map((field) => `${path} logs ${field}, which may hold a token; leave it out.`);
  });
  return [...acls, ...edge];
}
