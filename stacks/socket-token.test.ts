import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";

type Request = { querystring: Record<string, { value: string }>; headers: Record<string, { value: string }> };
const context: { handler?: (event: { request: Request }) => Request } = {};
runInNewContext(readFileSync(new URL("socket-token.js", import.meta.url), "utf8"), context);
const after = (request: Request) => JSON.parse(JSON.stringify(context.handler?.({ request })));

test("a token in the address becomes a header, the rest of the address stays", () => {
  const asked = { querystring: { token: { value: "eyJ.a.b%3D" }, last_event_id: { value: "7" } }, headers: {} };
  expect(after(asked)).toEqual({
    querystring: { last_event_id: { value: "7" } },
    headers: { authorization: { value: "Bearer eyJ.a.b=" } },
  });
});

test("a header that is there already wins, and without a token nothing changes", () => {
  const headers = { authorization: { value: "Bearer mine" } };
  expect(after({ querystring: { token: { value: "other" } }, headers })).toEqual({ querystring: {}, headers });
  expect(after({ querystring: {}, headers: {} })).toEqual({ querystring: {}, headers: {} });
});
