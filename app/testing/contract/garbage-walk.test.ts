import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiDocument, codesOf, type Endpoint, endpointsOf, type Operation, resolve } from "../../docs/document.ts";
import { renderApiDocument } from "../api-document.ts";
import { type Campus, startCampus } from "../campus.ts";
import type { TestCafe } from "../people.ts";
import { type Caller, expiredCaller, nobody, rightCaller, schemesOf, wrongCallers } from "./callers.ts";
import { type BadRequest, badRequests, goodRequest, pathOf } from "./garbage.ts";

// The document of the app as it is now: a route that is added later is walked without a change here.
const document = JSON.parse(await renderApiDocument()) as ApiDocument;
const endpoints = endpointsOf(document);
const named = endpoints.map((endpoint) => ({ name: `${endpoint.method} ${endpoint.path}`, ...endpoint }));
// A WebSocket is refused before its credential is looked at when the request is no upgrade, as all of this walk's are.
const sockets = named.filter(({ operation }) => "101" in operation.responses);
const secured = named.filter((endpoint) => schemesOf(endpoint.operation).length > 0 && !sockets.includes(endpoint));

let campus: Campus;
let cafe: TestCafe;

beforeAll(async () => {
  campus = await startCampus();
  cafe = await campus.cafe();
});

afterAll(async () => {
  await campus.end();
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

async function send({ method }: Endpoint, caller: Caller, { path, headers = {}, body }: BadRequest): Promise<Answer> {
  const answer = await fetch(`${campus.processes[0].url}${path}`, {
    method,
    headers: { ...headers, ...(caller.authorization === undefined ? {} : { Authorization: caller.authorization }) },
    ...(body === undefined || body === "" ? {} : { body }),
    redirect: "manual",
    signal: AbortSignal.timeout(20_000),
  });
  return { status: answer.status, headers: answer.headers, text: await textOf(answer) };
}

/** A stream has begun, which is its answer: nobody waits for its end. */
async function textOf(answer: Response): Promise<string> {
  if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) return answer.text();
  await answer.body?.cancel();
  return "";
}

/** What the answer breaks of what the document promises; nothing where it keeps all of it. */
function brokenPromises({ responses }: Operation, { status, text, headers }: Answer, wanted: number | undefined): string[] {
  const documented = responses[String(status)];
  if (status >= 500) return [`${status} ${text.slice(0, 200)}`];
  if (!documented) return [`${status} is not documented (${text.slice(0, 200)})`];
  return [
    ...(wanted === undefined || wanted === status ? [] : [`${status} instead of ${wanted} (${text.slice(0, 200)})`]),
    ...["x-request-id", "strict-transport-security", "x-content-type-options", "content-security-policy", "cache-control"]
      .filter((name) => !headers.has(name))
      .map((name) => `no ${name}`),
    ...(status >= 400 ? brokenEnvelope(text, headers, codesOf(documented.description)) : []),
  ];
}

function brokenEnvelope(text: string, headers: Headers, codes: readonly string[]): string[] {
  try {
    if (headers.get("content-type") !== "application/json") return [`content type ${headers.get("content-type")}`];
    const body = JSON.parse(text) as { error: { code: string; message: unknown; details: unknown } };
    const shape = [Object.keys(body), Object.keys(body.error), typeof body.error.message, typeof body.error.details];
    if (JSON.stringify(shape) !== '[["error"],["code","message","details"],"string","object"]')
      return [`not the envelope: ${text.slice(0, 200)}`];
    return codes.includes(body.error.code) ? [] : [`${body.error.code} is not among ${codes.join(", ")}`];
  } catch {
    return [`not JSON: ${text.slice(0, 200)}`];
  }
}

async function walk(endpoint: Endpoint, caller: Caller, requests: readonly BadRequest[]): Promise<string[]> {
  const broken: string[] = [];
  for (const request of requests) {
    const problems = brokenPromises(endpoint.operation, await send(endpoint, caller, request), request.status);
    broken.push(...problems.map((problem) => `${request.name} from ${caller.name}: ${problem}`));
  }
  return broken;
}

test("the document has endpoints, each with a name of its own, a summary, an area and its 500 and 503", () => {
  expect(endpoints.length).toBeGreaterThan(20);
  expect(new Set(endpoints.map(({ operation }) => operation.operationId)).size).toBe(endpoints.length);
  for (const { operation, path } of endpoints) {
    expect(operation.summary, path).toMatch(/^[A-Z].{5,}/);
    expect(operation.tags, path).toHaveLength(1);
    expect(Object.keys(operation.responses), path).toEqual(expect.arrayContaining(["500", "503"]));
  }
});

// A body is optional unless it says so: with none, the handler would run on {}.
const bodiesThatMayBeLeftOut: Readonly<Record<string, string>> = {
  approveCafe: "who approves by hand has looked at nothing; the portal names the café that was seen",
};

test("every body is required, but for those that are listed with a reason", () => {
  const optional = endpoints.filter(({ operation }) => operation.requestBody && !operation.requestBody.required);
  expect(optional.map(({ operation }) => operation.operationId).toSorted()).toEqual(Object.keys(bodiesThatMayBeLeftOut).toSorted());
});

// With no field required, an empty body is a whole request: that must be meant.
const bodiesThatMayBeEmpty: Readonly<Record<string, string>> = {
  approveCafe: "as above",
  changeCategory: "only what is named changes",
  changeItem: "only what is named changes",
  changeOwnCafe: "only what is named changes",
  changeStaff: "only what is named changes",
  refreshSession: "a cookie session has its refresh token in the cookie",
  declineCharge: "a plain no needs no words; not_me is the exception",
  unfreezeCard: "the step-up's code, which it must have, is asked for by an error of its own",
  unfreezeWallet: "the step-up's code, which it must have, is asked for by an error of its own",
  reorder: "the same again needs no words; without_unavailable is the exception",
};

test("every body has a field that must be there, but for those that are listed with a reason", () => {
  const empty = endpoints.filter(({ operation }) => {
    const shape = resolve(document, operation.requestBody?.content["application/json"]?.schema ?? {});
    return shape.properties && (shape.required ?? []).length === 0;
  });
  expect(empty.map(({ operation }) => operation.operationId).toSorted()).toEqual(Object.keys(bodiesThatMayBeEmpty).toSorted());
});

test("every JSON body refuses fields that it does not know", () => {
  const lax = endpoints.filter(({ operation }) => {
    const schema = operation.requestBody?.content["application/json"]?.schema;
    if (!schema) return false;
    const shape = resolve(document, schema);
    return [shape, ...(shape.anyOf ?? shape.oneOf ?? [])].some((each) => each.type === "object" && each.additionalProperties !== false);
  });
  expect(lax.map(({ operation }) => operation.operationId)).toEqual([]);
});

test("every endpoint that is not public names the roles that may call it", () => {
  expect(secured.filter(({ operation }) => (operation["x-roles"] ?? []).length === 0)).toEqual([]);
});

test.each(named)("$name answers garbage with the envelope and a documented status", async (endpoint) => {
  const caller = await rightCaller(campus, cafe, endpoint.operation);
  const requests = [...badRequests(document, endpoint), goodRequest(document, endpoint)];
  expect(await walk(endpoint, caller, requests)).toEqual([]);
});

test.each(secured)("$name lets in nobody without a credential, with a forged one, an expired one or another role's", async (endpoint) => {
  const { operation } = endpoint;
  const request = { ...goodRequest(document, endpoint), name: "a good request" };
  const forged: Caller[] = [
    "Bearer",
    "Bearer x",
    "Bearer eyJhbGciOiJub25lIn0.e30.x",
    "Device x",
    `Device ${pathOf(endpoint)}.x`,
    "Basic eDp5",
  ].map((authorization) => ({ name: `"${authorization.slice(0, 24)}"`, authorization }));
  const isBearer = schemesOf(operation).includes("bearer");
  const refused = [nobody, ...forged, ...(isBearer ? [await expiredCaller(campus, cafe, operation)] : [])];
  const broken = await Promise.all(refused.map((caller) => walk(endpoint, caller, [{ ...request, status: 401 }])));
  const wrong = await wrongCallers(campus, cafe, operation);
  const byRole = await Promise.all(
    wrong.map((caller) => walk(endpoint, caller, [{ ...request, status: isBearer && caller.name !== "device" ? 403 : 401 }])),
  );
  expect([...broken, ...byRole].flat()).toEqual([]);
});

test.each(sockets)("$name tells a plain request that it speaks WebSocket", async (endpoint) => {
  const caller = await rightCaller(campus, cafe, endpoint.operation);
  expect(await walk(endpoint, caller, [{ ...goodRequest(document, endpoint), status: 400 }])).toEqual([]);
});

test.each(secured.filter(({ path }) => path.includes("{")))("$name says NOT_FOUND of an id that nothing has", async (endpoint) => {
  const caller = await rightCaller(campus, cafe, endpoint.operation);
  const answer = await send(endpoint, caller, goodRequest(document, endpoint));
  expect([answer.status, answer.text]).toEqual([404, expect.stringContaining('"NOT_FOUND"')]);
});

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

const methodsOf = (path: string): string[] => endpoints.filter((each) => each.path === path).map(({ method }) => method);

test.each(Object.keys(document.paths ?? {}))("%s answers the methods that it does not have with 405 and Allow", async (path) => {
  const address = path.replace(/\{[^}]+\}/g, "x");
  const has = methodsOf(path);
  for (const method of methods.filter((each) => !has.includes(each))) {
    const answer = await fetch(`${campus.processes[0].url}${address}`, { method });
    expect([method, answer.status, await answer.json()]).toMatchObject([method, 405, { error: { code: "METHOD_NOT_ALLOWED" } }]);
    expect(answer.headers.get("allow")?.split(", ").toSorted()).toEqual(has.toSorted());
  }
});

test("nothing of the walk was an error of ours", () => {
  const faults = campus.logLines.filter((line) => line.includes('"level":"error"'));
  expect(faults).toEqual([]);
});
