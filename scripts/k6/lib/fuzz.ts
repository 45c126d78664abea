import { present } from "./campus.ts";

// Every operation that docs/openapi.json knows, asked with what nobody should send. Which value goes where is decided by the turn alone, so a run can be had again.

interface Schema {
  readonly properties?: Readonly<Record<string, unknown>>;
}

interface Documented {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses?: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

export interface Operation extends Documented {
  readonly method: string;
  readonly path: string;
}

const document = JSON.parse(open(import.meta.resolve("../../../docs/openapi.json"))) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
};
const methods = ["get", "post", "put", "patch", "delete"];
/** A stream answers for as long as one listens. */
const isStream = ({ responses = {} }: Documented) => Object.values(responses).some(({ content = {} }) => "text/event-stream" in content);

export const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, byMethod]) =>
  Object.entries(byMethod)
    .filter(([method, documented]) => methods.includes(method) && path.startsWith("/api/") && !isStream(documented))
    .map(([method, documented]) => ({ ...documented, method: method.toUpperCase(), path })),
);

const nasty: readonly unknown[] = [
  "",
  "\u0000",
  "' or 1=1; drop table wallets; --",
  "../../../../etc/passwd",
  "{{7*7}}<script>alert(1)</script>",
  "\ud800",
  "é".repeat(5_000),
  "00000000-0000-0000-0000-000000000000",
  -1,
  0,
  1e308,
  9_007_199_254_740_992,
  0.1,
  null,
  true,
  [],
  {},
  [[[[[[[[[[]]]]]]]]]],
  { __proto__: { role: "admin" }, constructor: { prototype: {} } },
  "2026-02-30T25:61:61Z",
];

export interface Junk {
  readonly path: string;
  readonly body: string | null;
}

export function junkFor({ path, parameters = [], requestBody }: Operation, turn: number): Junk {
  const at = (step: number): unknown => nasty[(turn * 7 + step * 3) % nasty.length];
  const text = (step: number): string => {
    const value = at(step);
    return typeof value === "string" ? value : JSON.stringify(value);
  };
  let step = 0;
  // A half of a surrogate pair cannot be written into an address.
  const encoded = (value: string) => encodeURIComponent(value.replaceAll(/[\ud800-\udfff]/g, "%"));
  // What is empty would be another path.
  const filled = path.replaceAll(/\{[^}]+\}/g, () => encoded(text(step++)) || "0");
  const query = parameters.filter((parameter) => parameter.in === "query").map(({ name }) => `${name}=${encoded(text(step++))}`);
  return { path: query.length > 0 ? `${filled}?${query.join("&")}` : filled, body: bodyFor(requestBody, turn, at) };
}

function bodyFor(requestBody: Documented["requestBody"], turn: number, at: (step: number) => unknown): string | null {
  if (!requestBody) return null;
  if (turn % 5 === 0)
    return present(['{"a":', "[]", "null", '"text"', `${"[".repeat(2_000)}${"]".repeat(2_000)}`][(turn / 5) % 5], "broken body");
  const { properties = {} } = requestBody.content?.["application/json"]?.schema ?? {};
  return JSON.stringify(Object.fromEntries(Object.keys(properties).map((name, step) => [name, at(step + 1)])));
}
