import { randomUUID } from "node:crypto";
import type { ApiDocument, Endpoint, Parameter, Schema } from "../../docs/document.ts";
import { resolve } from "../../docs/document.ts";
import { exampleOf } from "./example.ts";

/** One bad request; `status` where the answer is not left open. */
export interface BadRequest {
  readonly name: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status?: number;
}

const twoMegabytes = "x".repeat(2 * 1024 * 1024);
const badTexts = ["not-an-id", "%00", "..%2F..%2Fetc", "'%20or%201=1--", "%F0%9F%8D%B0", "x".repeat(3_000), "-1", "null"];
const unknownId = "0192f0c1-0000-7000-8000-000000000000";

/** Everything of one endpoint that can be wrong, read from the document alone. */
export function badRequests(document: ApiDocument, endpoint: Endpoint): BadRequest[] {
  return [
    ...badPaths(document, endpoint),
    ...badQueries(document, endpoint),
    ...badHeaders(document, endpoint),
    ...badBodies(document, endpoint),
  ];
}

/** The path with an id in it that nothing has. */
export const pathOf = ({ path }: Endpoint, id = unknownId): string => path.replace(/\{[^}]+\}/g, id);

const jsonHeader = { "Content-Type": "application/json" };

/** The endpoint's body and headers as they should be, for requests in which something else is wrong. */
function goodParts(document: ApiDocument, endpoint: Endpoint, fields: "all" | "required" = "all"): Pick<BadRequest, "body" | "headers"> {
  const schema = endpoint.operation.requestBody?.content["application/json"]?.schema;
  const headers = requiredHeaders(document, endpoint);
  return schema ? { body: JSON.stringify(exampleOf(document, schema, fields)), headers: { ...headers, ...jsonHeader } } : { headers };
}

const requiredHeaders = (document: ApiDocument, endpoint: Endpoint): Record<string, string> =>
  Object.fromEntries(
    parametersIn("header", endpoint)
      .filter(({ required }) => required)
      .map(({ name, schema }) => [name, name === "idempotency-key" ? randomUUID() : String(exampleOf(document, schema ?? {}))]),
  );

export const goodRequest = (document: ApiDocument, endpoint: Endpoint): BadRequest => ({
  name: "unknown ids and a body that fits",
  path: pathOf(endpoint),
  ...goodParts(document, endpoint, "required"),
});

function badPaths(document: ApiDocument, endpoint: Endpoint): BadRequest[] {
  if (!endpoint.path.includes("{")) return [];
  return badTexts.map((text) => ({
    name: `"${text.slice(0, 20)}" as an id`,
    path: pathOf(endpoint, text),
    ...goodParts(document, endpoint),
  }));
}

const parametersIn = (place: string, { operation }: Endpoint): Parameter[] =>
  (operation.parameters ?? []).filter((each) => each.in === place);

function badQueries(document: ApiDocument, endpoint: Endpoint): BadRequest[] {
  const parameters = parametersIn("query", endpoint);
  if (parameters.length === 0) return [];
  const good = goodParts(document, endpoint);
  const ask = (name: string, query: string, status?: number) => ({
    name,
    path: `${pathOf(endpoint)}?${query}`,
    ...good,
    ...(status === undefined ? {} : { status }),
  });
  return [
    ask("an unknown query parameter", "unknown_field=1", 400),
    ...parameters.flatMap(({ name }) => [
      ...badTexts.map((text) => ask(`query ${name}=${text.slice(0, 20)}`, `${name}=${text}`)),
      ask(`query ${name} twice`, `${name}=1&${name}=2`),
      ask(`query ${name} empty`, `${name}=`),
    ]),
  ];
}

function badHeaders(document: ApiDocument, endpoint: Endpoint): BadRequest[] {
  const good = goodParts(document, endpoint);
  return parametersIn("header", endpoint).flatMap(({ name, required }) => [
    ...(required ? [{ name: `without the header ${name}`, path: pathOf(endpoint), ...good, headers: jsonHeader, status: 400 }] : []),
    ...["x".repeat(300), "a b", '"'].map((value) => ({
      name: `header ${name}: ${value.slice(0, 10)}`,
      path: pathOf(endpoint),
      ...good,
      headers: { ...good.headers, [name]: value },
    })),
  ]);
}

function badBodies(document: ApiDocument, endpoint: Endpoint): BadRequest[] {
  if (endpoint.method === "GET") return [];
  const path = pathOf(endpoint);
  // A picture may be that large: its own route says of how many bytes, and app/images tests it.
  const tooLarge =
    endpoint.operation.operationId === "uploadImage"
      ? { name: "2 MB without a signed address", path, headers: jsonHeader, body: twoMegabytes, status: 400 }
      : { name: "2 MB", path, headers: jsonHeader, body: `{"x":"${twoMegabytes}"}`, status: 413 };
  const schema = endpoint.operation.requestBody?.content["application/json"]?.schema;
  if (!schema) return [tooLarge, { name: "a body that nobody asked for", path, headers: jsonHeader, body: '{"unknown_field":1}' }];
  const good = exampleOf(document, schema);
  const headers = { ...requiredHeaders(document, endpoint), ...jsonHeader };
  // Where no field is required, no body says the same as an empty one.
  const whenMissing = resolve(document, schema).properties && !resolve(document, schema).required ? {} : { status: 400 };
  const json = (name: string, body: string, status?: number) => ({
    name,
    path,
    headers,
    body,
    ...(status === undefined ? {} : { status }),
  });
  return [
    tooLarge,
    { name: "no body", path, headers: requiredHeaders(document, endpoint), ...whenMissing },
    { name: "an empty body", path, headers, body: "", status: 400 },
    json("malformed JSON", '{"a":', 400),
    json("a null", "null", 400),
    json("a list", "[]", 400),
    json("a number", "1", 400),
    json("a text", '"text"', 400),
    json("an unknown field", JSON.stringify({ ...(good as object), unknown_field: 1 }), 400),
    json("__proto__", '{"__proto__":{"admin":true}}', 400),
    json("deep nesting", `${"[".repeat(5_000)}${"]".repeat(5_000)}`, 400),
    json("half a surrogate", '{"x":"\\ud800"}', 400),
    ...["text/plain", "application/x-www-form-urlencoded", "application/xml"].map((type) => ({
      name: `the content type ${type}`,
      path,
      headers: { ...headers, "Content-Type": type },
      body: JSON.stringify(good),
      status: 415,
    })),
    ...wrongFields(document, schema, good).map(({ name, body }) => json(name, JSON.stringify(body))),
  ];
}

const wrongValues: readonly unknown[] = [
  null,
  -1,
  1.5,
  1e308,
  "",
  "\u0000",
  "🍰".repeat(2_000),
  true,
  [],
  {},
  [[[]]],
  "0192f0c1-0000-7000-8000-00000000000g",
];

/** The good body with one field wrong at a time, and with one missing. */
function wrongFields(document: ApiDocument, schema: Schema, good: unknown): { name: string; body: unknown }[] {
  const fields = Object.keys(resolve(document, schema).properties ?? {});
  return fields.flatMap((field) => [
    ...wrongValues.map((value) => ({
      name: `${field}: ${JSON.stringify(value).slice(0, 20)}`,
      body: { ...(good as object), [field]: value },
    })),
    { name: `without ${field}`, body: Object.fromEntries(Object.entries(good as object).filter(([name]) => name !== field)) },
  ]);
}
