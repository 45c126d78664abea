// `npm run release`: machines of a new artifact take the place of the old ones, one at a time, each asked before it gets a request.
import { type Command, refuse, runCommand, wholeNumber } from "../app/local/command.ts";
import { type ReleaseOptions, releaseTo } from "./release/steps.ts";
import { digestOf, environmentNamed, targetsOf } from "./release/target.ts";

export const releaseOptions = {
  region: { type: "string", value: "REGION", help: "only there; else the region that stands by, then the one that serves" },
  "dry-run": { type: "boolean", help: "say what would be done" },
  bake: {
    type: "string",
    value: "SECONDS",
    default: "300",
    help: "how long all machines run before it counts as done; alarms bring the old version back",
  },
  checkpoint: {
    type: "string",
    value: "SECONDS",
    default: "120",
    help: "how long the first new machine serves beside the old ones, and is asked",
  },
  "first-machine-within": {
    type: "string",
    value: "SECONDS",
    default: "480",
    help: "with no new machine in service after this the old version comes back",
  },
  "answer-within": {
    type: "string",
    value: "SECONDS",
    default: "2",
    help: "a public answer that takes longer counts as none; three of twelve stop the release",
  },
  "warm-up": { type: "string", value: "SECONDS", default: "60", help: "how long a machine is in service before it counts" },
} as const;

export const command = {
  name: "npm run release",
  for: "platform team",
  what: "Replaces the machines of an environment by ones that run the given artifact, one at a time; stops and goes back by itself when one is not fit, an answer is wrong or an alarm rings. Then its pages take the place of the old ones.",
  touches:
    "a version of the launch template, an instance refresh of the Auto Scaling group, the parameter /campus/ENVIRONMENT/release, the pages in the web bucket, in each region. Run again it goes on where it stopped.",
  takes: { ENVIRONMENT: "pilot, staging or production", ARTIFACT: "the sha256 that npm run publish printed" },
  options: releaseOptions,
  exits: { 1: "not released: the old version runs, the line above says why" },
} as const satisfies Command;

type Values = { readonly [Name in keyof typeof releaseOptions]?: string | boolean | undefined };

export const optionsFrom = (named: Pick<Command, "name">, values: Values): ReleaseOptions => {
  const seconds = (option: "bake" | "checkpoint" | "warm-up" | "first-machine-within" | "answer-within") =>
    wholeNumber(named, option, String(values[option]), { from: 0, to: 172_800 });
  return {
    isDryRun: values["dry-run"] === true,
    bakeSeconds: seconds("bake"),
    checkpointSeconds: seconds("checkpoint"),
    warmUpSeconds: seconds("warm-up"),
    firstMachineSeconds: seconds("first-machine-within"),
    answerSeconds: seconds("answer-within"),
  };
};

await runCommand(import.meta, command, async ({ values, positionals: [name, artifact, ...more] }) => {
  if (more.length > 0) throw refuse(command, `"${more.join(" ")}" is too much.`);
  const environment = environmentNamed(name);
  const digest = digestOf(artifact);
  const options = optionsFrom(command, values);
  for (const target of targetsOf(environment, values.region))
    await releaseTo(target, digest, options, (line) => void process.stdout.write(`${line}\n`));
});
