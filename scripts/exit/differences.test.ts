import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Difference, differencesOf, judge, listedDifferences } from "./differences.ts";
import { swapped } from "./terrain.ts";

const record = readFileSync(join(import.meta.dirname, "../../docs/decisions/0010-cdktf-and-the-way-out.md"), "utf8");
const own = JSON.parse(readFileSync(join(import.meta.dirname, "package.json"), "utf8")) as { dependencies: Record<string, string> };
const root = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
  devDependencies: Record<string, string>;
};

test("a changed, a missing and an added value are found where they stand, and nothing else", () => {
  const cdktf = { a: { kept: [1, { x: "same" }], changed: "5" }, gone: true, list: [{ port: 1 }, { port: 2 }] };
  const cdktn = { a: { kept: [1, { x: "same" }], changed: "6" }, added: { y: 1 }, list: [{ port: 1 }, { port: 3 }] };
  expect(differencesOf(cdktf, cdktn)).toEqual([
    { where: "a.changed", cdktf: "5", cdktn: "6" },
    { where: "gone", cdktf: "true", cdktn: "(nothing)" },
    { where: "list[].port", cdktf: "2", cdktn: "3" },
    { where: "added", cdktf: "(nothing)", cdktn: '{"y":1}' },
  ]);
});

test("a list with another number of elements is one difference", () => {
  expect(differencesOf({ zones: ["a", "b"] }, { zones: ["a"] })).toEqual([{ where: "zones", cdktf: '["a","b"]', cdktn: '["a"]' }]);
});

test("a difference that is not listed fails, and so does a listed one that is gone", () => {
  const version: Difference = { where: "version", cdktf: "1", cdktn: "2" };
  const other: Difference = { where: "other", cdktf: "1", cdktn: "2" };
  expect(judge([version, version], [version])).toEqual([]);
  expect(judge([version, other], [version])).toEqual(["not in the list: other is 1 under cdktf, 2 under cdktn"]);
  expect(judge([], [version])).toEqual(["listed, but not there any more: version is 1 under cdktf, 2 under cdktn"]);
});

test("the decision record's table names the versions that package.json of both sides pins", () => {
  const listed = listedDifferences(record);
  expect(listed).toContainEqual({
    where: "//.metadata.version",
    cdktf: root.devDependencies.cdktf,
    cdktn: own.dependencies.cdktn,
  });
  expect(listed.map(({ where }) => where)).toContain("terraform.required_providers.aws.version");
});

test("only the two packages' names are swapped", () => {
  const source = 'import { App } from "cdktf";\nexport { Vpc } from "@cdktf/provider-aws/lib/vpc/index.js";\nconst ManagedBy = "cdktf";';
  expect(swapped(source)).toBe(
    'import { App } from "cdktn";\nexport { Vpc } from "@cdktn/provider-aws/lib/vpc/index.js";\nconst ManagedBy = "cdktf";',
  );
});
