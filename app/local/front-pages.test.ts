import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPages } from "./front-pages.ts";
import { listenLocally } from "./ports.ts";

let folder: string;
let server: Server;
let base: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "campus-pages-"));
  const write = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  };
  for (const app of ["student", "cafe", "pos", "demo"]) write(`${app}/index.html`, `<title>${app}</title>`);
  write("student/assets/index-Ab3dEf9h.js", "x".repeat(2_000));
  write("student/sw.js", "worker");
  write("cafe/assets/index-Zz3dEf9h.js", "cafe");
  write("secret.txt", "secret");
  const pages = openPages({ folder, demo: () => ({ students: [] }) });
  server = createServer((incoming, answer) => {
    if (!pages.answer(incoming, answer)) answer.writeHead(418).end("the API");
  });
  base = `http://127.0.0.1:${await listenLocally(server)}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = (address: string, headers: Record<string, string> = {}) => fetch(base + address, { headers, redirect: "manual" });

test.each([
  ["/", "student"],
  ["/index.html", "student"],
  ["/verify", "student"],
  ["/c/0192f0c1", "student"],
  ["/pay/0192f0c1", "student"],
  ["/gifts/abc", "student"],
  ["/cafe/", "cafe"],
  ["/cafe/orders/today", "cafe"],
  ["/pos/", "pos"],
  ["/demo/", "demo"],
])("%s is a page of the %s app, with our policy, asked for each time", async (address, app) => {
  const answer = await get(address);
  expect(await answer.text()).toBe(`<title>${app}</title>`);
  expect(answer.headers.get("cache-control")).toBe("no-cache");
  expect(answer.headers.get("content-security-policy")).toContain("script-src 'self'");
  expect(answer.headers.get("content-security-policy")).not.toContain("unsafe");
  expect((await get(address, { "If-None-Match": answer.headers.get("etag") ?? "" })).status).toBe(304);
});

test.each([
  "/api/v1/cafes",
  "/sandbox/messages",
  "/health",
  "/t/ABC",
  "/docs",
  "/images/a/b",
  "/.well-known/jwks.json",
  "/verify-me",
  "/nothing",
])("%s is the API's", async (address) => expect((await get(address)).status).toBe(418));

test("a hashed file is kept for ever and sent compressed; the worker is asked for each time", async () => {
  const file = await get("/assets/index-Ab3dEf9h.js", { "Accept-Encoding": "gzip" });
  expect(file.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(file.headers.get("content-encoding")).toBe("gzip");
  expect(await file.text()).toHaveLength(2_000);
  expect((await get("/sw.js")).headers.get("cache-control")).toBe("no-cache");
});

test("the guide is built in the background: until then its page says so and asks again; then it is served under a policy of its own", async () => {
  const waiting = await get("/guide/");
  expect([waiting.status, waiting.headers.get("refresh")]).toEqual([503, "5"]);
  for (const [name, text] of [
    ["guide/index.html", "home"],
    ["guide/how-to/index.html", "how to"],
    ["guide/404.html", "none"],
  ] as const) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  for (const [address, status, text] of [
    ["/guide/", 200, "home"],
    ["/guide/how-to/", 200, "how to"],
    ["/guide/nothing.html", 404, "none"],
    ["/guide/%2e%2e/secret.txt", 404, "none"],
  ] as const) {
    const answer = await get(address);
    expect([address, answer.status === 418 ? 404 : answer.status, (await answer.text()).replace("the API", "none")]).toEqual([
      address,
      status,
      text,
    ]);
    if (answer.status === 200)
      expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'self'; script-src 'self'; style-src 'self';/);
  }
});

test("a missing file is 404, never a page; nothing outside the builds is given", async () => {
  for (const address of [
    "/assets/gone-Ab3dEf9h.js",
    "/cafe/assets/gone-Ab3dEf9h.js",
    "/pos/sw.js",
    "/assets/..%2f..%2fsecret.txt",
    "/cafe/%2e%2e/secret.txt",
  ]) {
    const answer = await get(address);
    expect([404, 418]).toContain(answer.status);
    expect(await answer.text()).not.toContain("secret");
  }
});

test("the demo's logins are given under this machine's own names alone", async () => {
  expect(await (await get("/demo/campus.json")).json()).toEqual({ students: [] });
  const { request } = await import("node:http");
  const status = await new Promise((resolve) => {
    request(`${base}/demo/campus.json`, { headers: { Host: "evil.example" } }, (answer) => resolve(answer.resume().statusCode)).end();
  });
  expect(status).toBe(403);
});

test("the bare names lead to the pages", async () => {
  const answer = await get("/cafe");
  expect([answer.status, answer.headers.get("location")]).toEqual([308, "/cafe/"]);
});

test.each(["//", "//[", "///evil.example", "*", "http://elsewhere.example/cafe"])(
  "the target %s ends nothing: it is the API's to refuse",
  async (path) => {
    const status = await new Promise((resolve, reject) => {
      request({ port: new URL(base).port, path }, (answer) => resolve(answer.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(418);
    expect((await get("/")).status).toBe(200);
  },
);
