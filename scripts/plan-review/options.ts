import { type Asked, type Command, refuse } from "../../app/local/command.ts";
import type { Acceptance } from "./review.ts";

export const command = {
  name: "npm run plan:review",
  for: "platform team",
  what: "Says what a person should see before an apply: what is destroyed, opened to the world, granted or made dearer.",
  touches: "nothing.",
  takes: { "PLAN.json|FOLDER …": "plans as `terraform show -json` writes them, each in a file named after its stack" },
  options: {
    accept: { type: "string", multiple: true, default: [], value: 'STACK/ADDRESS="why"', help: "let one gated change pass, with a reason" },
  },
  exits: { 1: "something is gated", 2: "the input is not a plan, or what was typed is not understood" },
} as const satisfies Command;

export type Options = { readonly paths: readonly string[]; readonly acceptances: readonly Acceptance[] };

export const optionsOf = ({ values, positionals }: Asked<(typeof command)["options"]>): Options => ({
  paths: positionals,
  acceptances: values.accept.map(acceptanceOf),
});

/** The address may hold an = of its own, inside the quotes of a key. */
const acceptanceOf = (text: string): Acceptance => {
  const found = /^((?:[^="]|"[^"]*")+)=\s*(.*\S)\s*$/.exec(text);
  if (!found) throw refuse(command, `--accept ${text} has no reason: write --accept STACK/ADDRESS="why it may".`);
  return { address: found[1] ?? "", reason: found[2] ?? "" };
};
