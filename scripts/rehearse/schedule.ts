import type { Stack } from "./manifest.ts";

export type Step = (stack: Stack) => Promise<boolean>;

/** How many stacks wait for this one, behind each other: the more, the sooner it should begin. */
const chainBehind = (stacks: readonly Stack[], waitsFor: (stack: Stack) => readonly string[]): ((stack: Stack) => number) => {
  const lengths = new Map<string, number>();
  const lengthOf = (stack: Stack): number => {
    const known = lengths.get(stack.name);
    if (known !== undefined) return known;
    const behind = stacks.filter((other) => waitsFor(other).includes(stack.name));
    const length = 1 + Math.max(0, ...behind.map(lengthOf));
    lengths.set(stack.name, length);
    return length;
  };
  return lengthOf;
};

/**
 * Runs a step for each stack once all that it waits for has succeeded, so many at a time, those with the longest chain behind
 * them first. A failure stops only what waits for it.
 */
const inOrder = async (
  stacks: readonly Stack[],
  waitsFor: (stack: Stack) => readonly string[],
  parallelism: number,
  step: Step,
): Promise<boolean> => {
  const names = new Set(stacks.map((stack) => stack.name));
  const waiting = new Map(stacks.map((stack) => [stack, new Set(waitsFor(stack).filter((name) => names.has(name)))]));
  const chain = chainBehind(stacks, waitsFor);
  const running = new Set<Promise<void>>();
  let healthy = true;
  const start = (stack: Stack) => {
    waiting.delete(stack);
    const work = step(stack).then((ok) => {
      healthy = healthy && ok;
      running.delete(work);
      if (ok) for (const needs of waiting.values()) needs.delete(stack.name);
    });
    running.add(work);
  };
  while (waiting.size > 0 || running.size > 0) {
    const ready = [...waiting].filter(([, needs]) => needs.size === 0).map(([stack]) => stack);
    ready.sort((one, other) => chain(other) - chain(one));
    for (const stack of ready.slice(0, parallelism - running.size)) start(stack);
    if (running.size === 0) break;
    await Promise.race(running);
  }
  return healthy && waiting.size === 0;
};

export const upwards = (stacks: readonly Stack[], parallelism: number, step: Step): Promise<boolean> =>
  inOrder(stacks, (stack) => stack.dependencies, parallelism, step);

export const downwards = (stacks: readonly Stack[], parallelism: number, step: Step): Promise<boolean> =>
  inOrder(
    stacks,
    (stack) => stacks.filter((other) => other.dependencies.includes(stack.name)).map((other) => other.name),
    parallelism,
    step,
  );
