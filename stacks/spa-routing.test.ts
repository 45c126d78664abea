import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";

const context: { handler?: (event: { request: { uri: string } }) => { uri: string; statusCode?: number; headers?: unknown } } = {};
runInNewContext(readFileSync(new URL("spa-routing.js", import.meta.url), "utf8"), context);
const routed = (uri: string) => context.handler?.({ request: { uri } }).uri;

test.each([
  ["/", "/index.html"],
  ["/orders/42", "/index.html"],
  ["/cafe", "/cafe/index.html"],
  ["/cafe/", "/cafe/index.html"],
  ["/cafe/menu/edit", "/cafe/index.html"],
  ["/pos", "/pos/index.html"],
  ["/pos/shift", "/pos/index.html"],
  ["/cafeteria", "/index.html"],
  ["/guide/", "/guide/index.html"],
  ["/guide/how-to/", "/guide/how-to/index.html"],
  ["/guide/flow.html", "/guide/flow.html"],
  ["/assets/app-1a2b.js", "/assets/app-1a2b.js"],
  ["/cafe/assets/app.css", "/cafe/assets/app.css"],
  ["/manifest.webmanifest", "/manifest.webmanifest"],
])("%s is answered with %s", (asked, answered) => expect(routed(asked)).toBe(answered));

test("the guide without its slash is sent to where its own policy is", () => {
  expect(context.handler?.({ request: { uri: "/guide" } })).toMatchObject({ statusCode: 308, headers: { location: { value: "/guide/" } } });
});
