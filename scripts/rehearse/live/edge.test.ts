import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { apart } from "../../machine/apart.ts";
import { root } from "../places.ts";
import type { Distribution } from "./edge.ts";
import type { Given } from "./edge-probe.ts";

const can = (program: string, ...args: readonly string[]) => spawnSync(program, args, { stdio: "ignore" }).status === 0;
const canRun = can("nginx", "-v") && can("dnsmasq", "--version") && can("unshare", "--net", "--mount", "--pid", "--fork", "true");

const bucket = (Id: string, region: string) => ({
  ...{ Id, DomainName: `web.s3.${region}.amazonaws.com`, OriginAccessControlId: "ours", CustomHeaders: {} },
  ...{ ConnectionAttempts: 1, ConnectionTimeout: 3 },
});
const runs = (name: string) => ({ Items: [{ FunctionARN: `arn:aws:cloudfront::000000000042:function/${name}` }] });
const reads = { Items: ["GET", "HEAD", "OPTIONS"] };
const distribution: Distribution = {
  Aliases: { Items: ["campus.example"] },
  Origins: {
    Items: [
      bucket("web-north", "eu-north-1"),
      bucket("web-south", "eu-south-1"),
      { Id: "api", DomainName: "origin.campus.example", CustomHeaders: { Items: [{ HeaderName: "x-key", HeaderValue: "ours" }] } },
    ],
  },
  OriginGroups: {
    Items: [
      {
        Id: "web",
        Members: { Items: [{ OriginId: "web-north" }, { OriginId: "web-south" }] },
        FailoverCriteria: { StatusCodes: { Items: [403, 404, 500, 502, 503, 504] } },
      },
    ],
  },
  DefaultCacheBehavior: { TargetOriginId: "web", AllowedMethods: reads, FunctionAssociations: runs("spa-routing") },
  CacheBehaviors: {
    Items: [
      { PathPattern: "/images/*", TargetOriginId: "web", AllowedMethods: reads },
      { PathPattern: "/api/v1/ws/*", TargetOriginId: "api", AllowedMethods: reads, FunctionAssociations: runs("socket-token") },
      { PathPattern: "/api/*", TargetOriginId: "api", AllowedMethods: reads },
    ],
  },
};
const functions = Object.fromEntries(
  ["spa-routing", "socket-token"].map((name) => [name, readFileSync(join(root, `stacks/${name}.js`), "utf8")]),
);

const client = { for: "10.200.0.1" };
const north = { region: "eu-north-1", ...client };
const south = { region: "eu-south-1", ...client };
const bySignature = { token: "AWS4-HMAC-SH" };
const page = (url: string) => ({ before: { ...north, ...bySignature, url }, after: { ...south, ...bySignature, url } });
const api = (url: string, more: object = {}) => ({ before: { ...north, url, key: "ours", ...more }, after: 502 });
const moved = { before: "/guide/", after: "/guide/" };

/** Of each path what an origin was asked with all regions, and without the north. */
const answers: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>> = {
  "/": page("/index.html"),
  "/orders/42": page("/index.html"),
  "/cafe/menu/edit": page("/cafe/index.html"),
  "/guide/": page("/guide/index.html"),
  "/guide": moved,
  "/assets/a.js": page("/assets/a.js"),
  "/images/a%20b.webp": page("/images/a%20b.webp"),
  "/south-alone.js": {
    before: { ...south, ...bySignature, url: "/south-alone.js" },
    after: { ...south, ...bySignature, url: "/south-alone.js" },
  },
  "/api/v1/a?b=c%2Fd": api("/api/v1/a?b=c%2Fd"),
  "/api/v1/ws/orders?token=abc%3D&since=7": api("/api/v1/ws/orders?since=7", { token: "Bearer abc=" }),
};

test.skipIf(!canRun)(
  "pages come from the other region's bucket when one has not got them, or is lost; the API does not",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "campus-edge-"));
    try {
      const program = join(import.meta.dirname, "edge-probe.ts");
      const given: Given = { distribution, functions, paths: Object.keys(answers) };
      const { stdout } = await promisify(execFile)("unshare", apart(program, folder, JSON.stringify(given)), { timeout: 60_000 });
      const told = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<"before" | "after", Record<string, string>>;
      for (const when of ["before", "after"] as const)
        for (const [path, expected] of Object.entries(answers))
          expect(JSON.parse(told[when][path] ?? ""), `${path} ${when}`).toEqual(expected[when]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  90_000,
);
