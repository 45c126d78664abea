import { z } from "@hono/zod-openapi";

type Issue = Parameters<NonNullable<ReturnType<typeof z.config>["customError"]>>[0];

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

const formats: Readonly<Record<string, string>> = {
  uuid: "an id such as 0192f0c1-9b1e-7c3a-8f00-5a1d2c3b4e5f",
  email: "an e-mail address",
  url: "an address such as https://example.org",
  datetime: "a time such as 2026-05-01T10:00:00Z",
  date: "a date such as 2026-05-01",
};

const parts: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ["character", "characters"],
  array: ["item", "items"],
};

interface Limit {
  readonly origin: string;
  readonly inclusive?: boolean | undefined;
  readonly exact?: boolean | undefined;
}

/** "must have at least 12 characters", "must be at most 100"; nothing for what has neither a length nor a size. */
function limited(
  { origin, inclusive = true, exact = false }: Limit,
  word: "at least" | "at most",
  limit: number | bigint,
): string | undefined {
  const counted = parts[origin];
  if (counted) return `must have ${exact ? "exactly" : word} ${limit} ${counted[limit === 1 ? 0 : 1]}`;
  if (origin !== "number" && origin !== "int") return undefined;
  if (inclusive) return `must be ${word} ${limit}`;
  return `must be ${word === "at least" ? "more" : "less"} than ${limit}`;
}

/** What stands behind a field's name for whoever typed it; undefined leaves the validator's own sentence. */
export function plainIssue(issue: Issue): string | undefined {
  if (issue.code === "too_small") return limited(issue, "at least", issue.minimum);
  if (issue.code === "too_big") return limited(issue, "at most", issue.maximum);
  if (issue.code === "invalid_format") return formats[issue.format] && `must be ${formats[issue.format]}`;
  if (issue.code !== "invalid_type") return undefined;
  if (issue.input === undefined) return "is missing";
  return kinds[issue.expected] && `must be ${kinds[issue.expected]}`;
}

// A schema's own message comes before this one.
z.config({ customError: plainIssue });
