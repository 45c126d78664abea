import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "@hono/zod-openapi";
import { expect, test } from "vitest";
import { parseConfig, secretDescriptions, variables } from "../../app/platform/config.ts";
import { appSecrets } from "../../stacks/app-secrets.ts";
import { allowedValues } from "./allowed-values.ts";
import { machineRolePart, renderConfigurationPage } from "./configuration-page.ts";
import { renderEnvironmentExample } from "./environment-example.ts";
import { generators } from "./generators.ts";

const root = path.join(import.meta.dirname, "../..");

test.each(generators)("$file is what the code says (else: npm run generate)", async ({ file, make }) => {
  const text = await make(root);
  // Not toBe: the difference of two long pages hides the one line that helps.
  expect(
    readFileSync(path.join(root, file), "utf8") === text,
    `${file} is stale: run \`npm run generate\` and commit what it writes.`,
  ).toBe(true);
});

test("the configuration page has every variable and every secret", () => {
  const page = renderConfigurationPage();
  for (const name of [...Object.keys(variables), ...Object.keys(secretDescriptions)]) expect(page).toContain(`| \`${name}\` |`);
});

test("the page names the secrets and the role that the stacks make", () => {
  expect(Object.keys(appSecrets).toSorted()).toEqual(Object.keys(secretDescriptions).toSorted());
  expect(readFileSync(path.join(root, "stacks/api.ts"), "utf8")).toContain(`part: "${machineRolePart}"`);
  const page = renderConfigurationPage();
  expect(page).toContain("`campus-pilot-north-machine`");
  expect(page).toContain("`campus-<environment>/jwt-keys`");
});

test("a secret that only migrations read is one that no machine's role reads", () => {
  for (const [name, { readers }] of Object.entries(secretDescriptions)) {
    const onMachines = readers.some((reader) => reader === "api" || reader === "worker");
    expect([name, appSecrets[name as keyof typeof appSecrets].readByApp]).toEqual([name, onMachines]);
  }
});

/** What `node --env-file` makes of the text. */
const read = (text: string) =>
  Object.fromEntries(
    text
      .split("\n")
      .filter((line) => /^[A-Z_]+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );

test("with its open lines filled in the example is a configuration that starts, and so it is with every default written out", () => {
  const example = renderEnvironmentExample();
  const open = { ...Object.fromEntries(Object.keys(read(example)).map((name) => [name, "filled in"])), CAMPUS_ENV: "sandbox" };
  expect(parseConfig(open).PORT).toBe(8080);
  const writtenOut = read(example.replace(/^# ([A-Z_]+=)/gm, "$1"));
  expect(parseConfig({ ...writtenOut, ...open })).toMatchObject({
    ...parseConfig(open),
    CAMPUS_WRITER: expect.any(String),
    SENTRY_DSN: expect.any(String),
  });
});

test.each([
  [z.coerce.number().int().min(1).max(1_000), "1 to 1,000"],
  [z.stringbool(), "true or false"],
  [z.enum(["a", "b"]), "`a`, `b`"],
  [z.url().optional(), "an address"],
  [z.email().optional(), "an e-mail address"],
  [z.string().regex(/^a|b$/), "`^a\\|b$`"],
])("the allowed values are told in words (%#)", (schema, words) => {
  expect(allowedValues(schema)).toBe(words);
});
