import { expect, test } from "vitest";
import { apiPaths } from "../app/host/nginx.ts";
import { apiPaths as edgePaths } from "./edge-origins.ts";

test("on one server what the edge sends to the API goes there too, and what is a page or a file does not", () => {
  const toApi = new RegExp(apiPaths.replace(/^~ /, ""));
  for (const pattern of edgePaths) expect(toApi.test(pattern.replace(/\*$/, "x")), pattern).toBe(true);
  for (const page of [
    "/",
    "/wallet",
    "/cafe/",
    "/pos/till",
    "/c/aula",
    "/receipts",
    "/guide/",
    "/healthy",
    "/opsx",
    "/readiness",
    "/assets/api-12345678.js",
  ])
    expect(toApi.test(page), page).toBe(false);
});
