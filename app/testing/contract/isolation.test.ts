import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiDocument, type Endpoint, endpointsOf, type Parameter, type Schema } from "../../docs/document.ts";
import type { StaffRole } from "../../identity/access-token.ts";
import { renderApiDocument } from "../api-document.ts";
import { type Campus, startCampus } from "../campus.ts";
import { openLiveStream } from "../live-client.ts";
import type { TestCafe } from "../people.ts";
import { type Belongings, belongingsOf, fingerprintOf } from "./belongings.ts";
import { exampleOf } from "./example.ts";
import { cafeRoles, type FilledCafe, fillCafe, secretWord, staffOf } from "./isolation-campus.ts";

// Every route that a café's staff or terminal may call, read from the document: one that is added later is walked too.
const document = JSON.parse(await renderApiDocument()) as ApiDocument;
const rolesOf = ({ operation }: Endpoint) =>
  (operation["x-roles"] ?? []).filter((role) => role === "device" || cafeRoles.includes(role as StaffRole));
const isStream = ({ operation }: Endpoint) => "text/event-stream" in (operation.responses["200"]?.content ?? {});
const isSocket = ({ operation }: Endpoint) => "101" in operation.responses;
const endpoints = endpointsOf(document)
  .filter((endpoint) => rolesOf(endpoint).length > 0 && !isSocket(endpoint))
  .map((endpoint) => ({ name: `${endpoint.method} ${endpoint.path}`, ...endpoint }));
const streams = endpoints.filter(isStream);
const walked = endpoints.filter((endpoint) => !isStream(endpoint));
const parametersIn = (place: string, { operation }: Endpoint): Parameter[] =>
  (operation.parameters ?? []).filter((each) => each.in === place);
const isId = ({ schema }: { readonly schema?: Schema }) => schema?.format === "uuid";
const idsInPath = (endpoint: Endpoint) => parametersIn("path", endpoint).filter(isId);
const withIds = walked.filter((endpoint) => idsInPath(endpoint).length > 0);

let campus: Campus;
let first: FilledCafe;
let second: TestCafe;
let belongings: Belongings;
let before: Record<string, string>;

beforeAll(async () => {
  campus = await startCampus({ env: { CHARGE_SECONDS: "300" } });
  first = await fillCafe(campus);
  second = await campus.cafe({ name: "Den andra" });
  belongings = await belongingsOf(campus.database, first.cafe.id);
  before = await fingerprintOf(campus.database, belongings);
});

afterAll(async () => {
  await campus.end();
});

/** Somebody new at the second café: what one request changes of a session is nothing to the next. */
async function strangerAs(role: string): Promise<string> {
  if (role === "device") return (await campus.device(second)).authorization;
  return `Bearer ${(await campus.staff(role as StaffRole, second)).token}`;
}

const ownAs = (role: string): string =>
  role === "device" ? first.device.authorization : `Bearer ${staffOf(first.staff, role as StaffRole).token}`;

const maxIdsPerPath = 4;

/** The path with each id that the first café has for it. */
function pathsOf(endpoint: Endpoint): string[] {
  return idsInPath(endpoint).reduce(
    (paths, { name }) =>
      paths.flatMap((path) =>
        belongings
          .idsFor(name)
          .slice(0, maxIdsPerPath)
          .map((id) => path.replace(`{${name}}`, id)),
      ),
    [endpoint.path.replace("{key}", "restaurant_open")],
  );
}

/** Without a query, and with the first café's ids wherever the document takes one. */
function queriesOf(endpoint: Endpoint): string[] {
  const named = parametersIn("query", endpoint)
    .filter((parameter) => isId(parameter) && parameter.name !== "cursor")
    .flatMap(({ name }) =>
      belongings
        .idsFor(name)
        .slice(0, 1)
        .map((id): [string, string] => [name, id]),
    );
  return named.length === 0 ? [""] : ["", `?${new URLSearchParams(named)}`];
}

/** Bodies that fit, in which every id is one of the first café's. */
function bodiesOf(endpoint: Endpoint): (string | undefined)[] {
  const schema = endpoint.operation.requestBody?.content["application/json"]?.schema;
  if (!schema) return [undefined];
  const bodies = (["required", "all"] as const).map((fields) => JSON.stringify(withFirstIds(exampleOf(document, schema, fields))));
  return [...new Set(bodies)];
}

// What the document does not tell of a text.
const byName: Readonly<Record<string, string>> = { email: "a@b.example" };

function withFirstIds(value: unknown, field = ""): unknown {
  if (Array.isArray(value)) return value.map((each) => withFirstIds(each, field));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, withFirstIds(held, name)]));
  if (typeof value === "string" && byName[field] !== undefined) return byName[field];
  const isUuid = typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
  return isUuid ? (belongings.idsFor(field)[0] ?? value) : value;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function send({ method, operation }: Endpoint, target: string, authorization: string, body?: string): Promise<Answer> {
  const needsKey = operation.parameters?.some(
    ({ in: place, name, required }) => place === "header" && name === "idempotency-key" && required,
  );
  const answer = await fetch(`${campus.processes[0].url}${target}`, {
    method,
    headers: {
      Authorization: authorization,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(needsKey ? { "Idempotency-Key": crypto.randomUUID() } : {}),
    },
    ...(body === undefined ? {} : { body }),
    redirect: "manual",
    signal: AbortSignal.timeout(20_000),
  });
  return { status: answer.status, text: await answer.text() };
}

/** What of the first café stands in the text, but for what the request itself said. */
function leaks(text: string, said: string): string[] {
  const ids = [...belongings.ids.values()].flatMap((each) => [...each]).concat(first.studentIds);
  return [...ids.filter((id) => !said.includes(id)), first.cafe.code, secretWord].filter((secret) => text.includes(secret));
}

test("there is something to walk, and every path with an id has one of the first café's", () => {
  expect(walked.length).toBeGreaterThan(20);
  const without = withIds.filter((endpoint) => pathsOf(endpoint).length === 0).map(({ name }) => name);
  expect(without, "fillCafe() makes nothing that these paths name").toEqual([]);
});

test.each(withIds.filter(({ method }) => method === "GET"))(
  "$name answers the first café's own staff, so the walk asks for what is there",
  async (endpoint) => {
    const answers: Answer[] = [];
    for (const role of rolesOf(endpoint)) for (const path of pathsOf(endpoint)) answers.push(await send(endpoint, path, ownAs(role)));
    expect(answers.map(({ status }) => status)).toContain(200);
  },
);

test.each(walked)("$name gives another café's staff nothing of the first one's", async (endpoint) => {
  const problems: string[] = [];
  for (const role of rolesOf(endpoint))
    for (const path of pathsOf(endpoint))
      for (const query of queriesOf(endpoint))
        for (const body of bodiesOf(endpoint)) {
          const { status, text } = await send(endpoint, `${path}${query}`, await strangerAs(role), body);
          const found = leaks(text, status < 300 ? "" : `${path}${query}${body}`);
          if (found.length > 0) problems.push(`${role} reads ${found[0]} in ${status} ${text.slice(0, 300)}`);
          if (status >= 500) problems.push(`${role}: ${status} ${text.slice(0, 300)}`);
          if (idsInPath(endpoint).length > 0 && status !== 403 && status !== 404)
            problems.push(`${role} is told ${status} of ${path}${query} ${body}: ${text.slice(0, 300)}`);
        }
  expect(problems).toEqual([]);
});

const withCafe = walked.filter(
  (endpoint) => parametersIn("query", endpoint).some(({ name }) => name === "cafe_id") && rolesOf(endpoint).length > 0,
);

const isDay = (name: string) => name === "from" || name === "to";

test.each(withCafe)("$name with another café's cafe_id is 403 for a café's staff", async (endpoint) => {
  const path = pathsOf(endpoint)[0] ?? endpoint.path;
  const [body] = bodiesOf(endpoint);
  const needed = parametersIn("query", endpoint)
    .filter(({ required, name }) => required && name !== "cafe_id")
    .map(({ name, schema }): [string, string] => [
      name,
      isDay(name) ? "2026-11-21" : String(exampleOf(document, schema ?? {}, "required")),
    ]);
  const query = new URLSearchParams([...needed, ["cafe_id", first.cafe.id]]);
  for (const role of rolesOf(endpoint)) {
    const { status, text } = await send(endpoint, `${path}?${query}`, await strangerAs(role), body);
    expect([role, status, (JSON.parse(text) as { error: { code: string } }).error.code]).toEqual([role, 403, "INSUFFICIENT_ROLE"]);
  }
});

test.each(streams)("$name tells another café's staff of its own events alone", async (endpoint) => {
  for (const role of rolesOf(endpoint)) {
    const device = role === "device" ? await campus.device(second) : undefined;
    const authorization = device?.authorization ?? (await strangerAs(role));
    const query = queriesOf(endpoint).at(-1) ?? "";
    const stream = await openLiveStream(`${campus.processes[0].url}${endpoint.path}${query}`, { Authorization: authorization });
    const channelsOf = (cafeId: string, deviceId: string | undefined) => [`cafe:${cafeId}`, ...(deviceId ? [`device:${deviceId}`] : [])];
    const orders = belongings.idsFor("order_id").map((id) => `order:${id}`);
    await campus.sql`select emit_event(${[...channelsOf(first.cafe.id, first.device.id), ...orders]}::text[], 'status_changed', ${JSON.stringify({ note: secretWord })}::jsonb)`;
    await campus.sql`select emit_event(${channelsOf(second.id, device?.id)}::text[], 'status_changed', '{"note": "own"}'::jsonb)`;
    await stream.event("status_changed", { note: "own" });
    stream.close();
    await stream.ended;
    expect([role, leaks(stream.text(), "")]).toEqual([role, []]);
  }
});

test("after the walk everything of the first café is as it was", async () => {
  expect(await fingerprintOf(campus.database, belongings)).toEqual(before);
});
