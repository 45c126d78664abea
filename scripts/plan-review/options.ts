import { parseArgs } from "node:util";
import { PlainError } from "../../app/local/plain-error.ts";
import type { Acceptance } from "./review.ts";

const badInput = 2;

export const usage = `npm run plan:review -- PLAN.json|FOLDER … [--accept STACK/ADDRESS="why it may" …]
  Reads plans as \`terraform show -json\` writes them, each in a file named after its stack.
  Exit 0: nothing is gated. 1: something is. 2: the input is not a plan.`;

export type Options = { readonly paths: readonly string[]; readonly acceptances: readonly Acceptance[] };

export const parseOptions = (args: readonly string[]): Options => {
  const { values, positionals } = parsed(args);
  return { paths: positionals, acceptances: values.accept.map(acceptanceOf) };
};

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { accept: { type: "string", multiple: true, default: [] } } });
  } catch (error) {
    throw new PlainError(`${(error as Error).message}\n${usage}`, badInput);
  }
};

/** The address may hold an = of its own, inside the quotes of a key. */
const acceptanceOf = (text: string): Acceptance => {
  const found = /^((?:[^="]|"[^"]*")+)=\s*(.*\S)\s*$/.exec(text);
  if (!found) throw new PlainError(`--accept ${text} has no reason: write --accept STACK/ADDRESS="why it may".`, badInput);
  return { address: found[1] ?? "", reason: found[2] ?? "" };
};
