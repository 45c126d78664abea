import { readFileSync } from "node:fs";
import { join } from "node:path";

export type Stack = {
  readonly name: string;
  readonly folder: string;
  readonly dependencies: readonly string[];
};

type Manifest = {
  readonly stacks: Readonly<
    Record<string, { readonly name: string; readonly workingDirectory: string; readonly dependencies: readonly string[] }>
  >;
};

export const readManifest = (outFolder: string): readonly Stack[] => {
  const manifest = JSON.parse(readFileSync(join(outFolder, "manifest.json"), "utf8")) as Manifest;
  return Object.values(manifest.stacks).map(({ name, workingDirectory, dependencies }) => ({
    name,
    folder: join(outFolder, workingDirectory),
    dependencies,
  }));
};

/** The wanted stacks and all they stand on, in the manifest's order. */
export const withDependencies = (stacks: readonly Stack[], wanted: readonly string[]): readonly Stack[] => {
  const byName = new Map(stacks.map((stack) => [stack.name, stack]));
  const chosen = new Set<string>();
  const choose = (name: string) => {
    const stack = byName.get(name);
    if (!stack) throw new Error(`There is no stack ${name}. There are: ${[...byName.keys()].join(", ")}.`);
    if (chosen.has(name)) return;
    chosen.add(name);
    stack.dependencies.forEach(choose);
  };
  wanted.forEach(choose);
  return stacks.filter((stack) => chosen.has(stack.name));
};

/** Groups in which no stack needs another of its group, each after all it needs. */
export const layers = (stacks: readonly Stack[]): readonly (readonly Stack[])[] => {
  const names = new Set(stacks.map((stack) => stack.name));
  const done = new Set<string>();
  const result: Stack[][] = [];
  while (done.size < stacks.length) {
    const layer = stacks.filter((stack) => !done.has(stack.name) && stack.dependencies.every((name) => done.has(name) || !names.has(name)));
    if (layer.length === 0)
      throw new Error(
        `Stacks depend on each other in a circle: ${stacks
          .filter((s) => !done.has(s.name))
          .map((s) => s.name)
          .join(", ")}.`,
      );
    for (const stack of layer) done.add(stack.name);
    result.push(layer);
  }
  return result;
};
