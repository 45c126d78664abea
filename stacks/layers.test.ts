import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = new URL("../", import.meta.url).pathname;
const sources = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => ({ name: join(folder, name), text: readFileSync(join(root, folder, name), "utf8") }));

const named = (files: readonly { readonly name: string }[]) => files.map(({ name }) => name);

test("stacks/aws.ts is the only door to the provider's bindings", () => {
  const others = [...sources("stacks"), ...sources("regions")].filter(
    ({ name, text }) => name !== "stacks/aws.ts" && text.includes("@cdktf/provider-aws"),
  );
  expect(named(others)).toEqual([]);
});

test("everything that the door lets in is used", () => {
  const door = readFileSync(join(root, "stacks/aws.ts"), "utf8");
  const users = sources("stacks")
    .filter(({ name }) => name !== "stacks/aws.ts")
    .map(({ text }) => text)
    .join("\n");
  const letIn = [...door.matchAll(/^export \{ (?:\w+ as )?(\w+) \}/gm)].map((match) => match[1] as string);
  expect(letIn.length).toBeGreaterThan(90);
  expect(letIn.filter((name) => !new RegExp(`new ${name}\\b|: ${name}\\b|type ${name}\\b`).test(users))).toEqual([]);
});

test("constructs read no environment, clock or chance, and know no stack", () => {
  const impure = sources("stacks/constructs").filter(({ text }) =>
    /process\.env|new Date|Date\.now|Math\.random|randomUUID|from "\.\.\/(network|data|api|campus|global)\.ts"/.test(text),
  );
  expect(named(impure)).toEqual([]);
});

test("regions are data: nothing there imports a stack or reads the environment", () => {
  expect(named(sources("regions").filter(({ text }) => /stacks\/|process\.env/.test(text)))).toEqual([]);
});

test("only main.ts reads the environment and the day", () => {
  const readers = sources("stacks").filter(({ text }) => /process\.env|new Date/.test(text));
  expect(named(readers)).toEqual(["stacks/main.ts"]);
});
