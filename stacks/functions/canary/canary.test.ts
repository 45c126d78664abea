import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listenLocally } from "../../../app/local/ports.ts";

const { check } = createRequire(import.meta.url)("./canary.cjs") as { check: (address: string) => Promise<void> };

type Answer = { readonly status?: number; readonly body: string };

let server: Server;
let address = "";
let asked: string[] = [];
let answers: Record<string, Answer>;

beforeEach(async () => {
  asked = [];
  answers = {
    "/ready": { body: '{"status":"ready"}' },
    "/api/v1/cafes": { body: '{"items":[{"id":"c1"}],"next_cursor":null}' },
    "/api/v1/menu/items?cafe_id=c1": { body: '{"items":[],"next_cursor":null}' },
    "/": { body: "<!doctype html><html></html>" },
  };
  server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const { status = 200, body } = answers[path] ?? { status: 404, body: "nothing" };
    response.writeHead(status, status === 301 ? { location: "/elsewhere" } : {}).end(body);
  });
  address = `http://127.0.0.1:${await listenLocally(server)}`;
});
afterEach(() => void server.close());

test("a site that serves passes: readiness, the cafés, a menu and the start page are asked for", async () => {
  await check(address);
  expect(asked).toEqual(["/ready", "/api/v1/cafes", "/api/v1/menu/items?cafe_id=c1", "/"]);
});

test("a campus without cafés passes", async () => {
  answers["/api/v1/cafes"] = { body: '{"items":[],"next_cursor":null}' };
  await check(address);
});

test.each([
  ["a database that is lost", "/ready", { status: 503, body: "{}" }, /\/ready answered 503/],
  ["an API that is gone", "/api/v1/cafes", { status: 502, body: "" }, /\/api\/v1\/cafes answered 502/],
  ["a menu that is not one", "/api/v1/menu/items?cafe_id=c1", { body: "{}" }, /cafe_id=c1 holds no list of items/],
  ["a start page that is not a page", "/", { body: "Access denied" }, /is not a page: it begins with "Access denied"/],
  ["a site that sends visitors elsewhere", "/", { status: 301, body: "" }, /\/ does not answer/],
])("%s fails, and the message says where", async (_, path, answer: Answer, says) => {
  answers[path] = answer;
  await expect(check(address)).rejects.toThrow(says);
});

test("a name that nobody answers fails with the reason", async () => {
  await new Promise((resolve) => server.close(resolve));
  await expect(check(address)).rejects.toThrow(/\/ready does not answer: .*ECONNREFUSED/);
});
