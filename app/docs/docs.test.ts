import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { z } from "@hono/zod-openapi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApplication } from "../platform/http/application.ts";
import { everyone, json, required, route, router } from "../platform/http/router.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openTestPlatform, type TestPlatform } from "../testing/platform.ts";
import type { ApiDocument } from "./document.ts";
import { docsRoutes } from "./routes.ts";

let database: TestDatabase;
let platform: TestPlatform;

beforeAll(async () => {
  database = await createTestDatabase();
  platform = await openTestPlatform(database);
});

afterAll(async () => {
  await platform.end();
  await database.drop();
});

const owner = { ...everyone, scheme: "bearer" as const, roles: ["owner"], errors: ["INSUFFICIENT_ROLE"] as const };

const brew = route({
  method: "post",
  path: "/pots/{potId}",
  operationId: "brewPot",
  tags: ["pots"],
  summary: "Brew <script>alert(1)</script> & serve",
  who: owner,
  errors: ["RESTAURANT_CLOSED"],
  idempotency: "optional",
  request: {
    params: z.object({ potId: z.uuid() }),
    body: required(
      z.strictObject({
        label: z.string().regex(/^\P{Cc}*$/u),
        cups: z.number().int().min(1).max(12),
        beans: z.array(z.object({ kind: z.enum(["dark", "light"]) })).max(3),
      }),
    ),
  },
  responses: { 201: json(z.object({ id: z.uuid(), ready_at: z.iso.datetime() }).openapi("Pot"), "The pot") },
});

function appWithPots() {
  const app = createApplication(platform, () => undefined);
  app.route(
    "/api/v1",
    router().openapi(brew, (c) => c.json({ id: "", ready_at: "" }, 201)),
  );
  app.route(
    "/",
    docsRoutes(() => app),
  );
  return app;
}

test("the document is OpenAPI 3.1 and says of every route its path, who may call it and its refusals by status", async () => {
  const answer = await appWithPots().request("/openapi.json");
  expect(answer.headers.get("content-type")).toBe("application/json");
  const document = (await answer.json()) as ApiDocument;
  expect(document).toMatchObject({ openapi: "3.1.0", servers: [{ url: "/" }] });
  expect(Object.keys(document.components?.securitySchemes ?? {})).toEqual(["bearer", "device", "cookie"]);
  const operation = document.paths?.["/api/v1/pots/{potId}"]?.post;
  expect(operation).toMatchObject({ "x-roles": ["owner"], security: [{ bearer: [] }, { cookie: [] }], requestBody: { required: true } });
  expect(operation?.responses["409"]?.description).toBe("RESTAURANT_CLOSED, CONFLICT");
  expect(operation?.responses["413"]?.description).toBe("PAYLOAD_TOO_LARGE");
});

test("a pattern is written so that other languages read it as JavaScript does", async () => {
  const document = (await (await appWithPots().request("/openapi.json")).json()) as ApiDocument;
  const body = document.paths?.["/api/v1/pots/{potId}"]?.post?.requestBody?.content["application/json"]?.schema;
  const pattern = new RegExp(body?.properties?.label?.pattern ?? "");
  expect([pattern.test("Gudrun Åström 🍰"), pattern.test("a\u0007b"), pattern.test("a\u0085b"), pattern.test("")]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect(pattern.source).not.toMatch(/\/u$|\\P/);
});

test.each(["/openapi.json", "/docs", "/docs/page.js"])("%s is sent again only when it changed", async (path) => {
  const app = appWithPots();
  const etag = (await app.request(path)).headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  const again = await app.request(path, { headers: { "If-None-Match": etag } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
  expect((await app.request(path, { headers: { "If-None-Match": '"another"' } })).status).toBe(200);
});

test("the page takes scripts, styles and answers from its own address alone, and no script from text", async () => {
  const answer = await appWithPots().request("/docs");
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'");
  expect(policy).not.toMatch(/unsafe-eval|https?:|script-src[^;]*unsafe/);
  const named = [...(await answer.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
  expect(named).toEqual(["data:,", "/docs/page.css", "/docs/page.js", "/openapi.json", "/docs/scalar.js"]);
});

test("every file that the page names is there, plain or compressed, and nothing else of the folder", async () => {
  const app = appWithPots();
  for (const [file, type] of [
    ["page.css", "text/css"],
    ["page.js", "text/javascript"],
    ["scalar.js", "text/javascript"],
  ] as const) {
    const plain = await app.request(`/docs/${file}`);
    const zipped = await app.request(`/docs/${file}`, { headers: { "Accept-Encoding": "gzip, br" } });
    expect([plain.status, plain.headers.get("content-type"), zipped.headers.get("content-encoding")]).toEqual([
      200,
      `${type}; charset=utf-8`,
      "gzip",
    ]);
    expect(gunzipSync(await zipped.bytes()).equals(await plain.bytes())).toBe(true);
  }
  for (const other of ["scalar.json", "page.html", "..%2froutes.ts"]) expect((await app.request(`/docs/${other}`)).status).toBe(400);
});

test("Scalar is to the byte what its package publishes under the version that we name", async () => {
  const { name, version, sha256 } = JSON.parse(readFileSync(new URL("reference/scalar.json", import.meta.url), "utf8"));
  const file = readFileSync(new URL("reference/scalar.js", import.meta.url));
  expect(createHash("sha256").update(file).digest("hex")).toBe(sha256);
  expect(file.includes(`${name}@${version}`) || file.includes(version)).toBe(true);
});
