import { parseArgs } from "node:util";

export type Options = {
  readonly environment: string;
  /** Stack ids; empty means all. What a named stack depends on comes along. */
  readonly only: readonly string[];
  readonly region: string | undefined;
  readonly keep: boolean;
  readonly drill: boolean;
  readonly worldTest: boolean;
  readonly parallelism: number;
};

export const usage = `npm run rehearse -- [options]
  --environment NAME   pilot (default), staging or production
  --only STACK         this stack and what it depends on; may be given more than once
  --region REGION      the stacks of one region, and the global ones
  --keep               leave everything standing until Ctrl-C, to look around with terraform or the AWS CLI
  --drill              the failure drill: a deploy that dies in the middle, mended by runbooks/terraform-state.md
  --world-test         prove every addition to moto, and that moto still lacks it
  --parallelism N      stacks at a time, 3 by default; each takes about 0.7 GB`;

const maxParallelism = 8;

export const parseOptions = (args: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      environment: { type: "string", default: "pilot" },
      only: { type: "string", multiple: true, default: [] },
      region: { type: "string" },
      keep: { type: "boolean", default: false },
      drill: { type: "boolean", default: false },
      "world-test": { type: "boolean", default: false },
      parallelism: { type: "string", default: "3" },
    },
  });
  const parallelism = Number(values.parallelism);
  if (!Number.isInteger(parallelism) || parallelism < 1 || parallelism > maxParallelism) {
    throw new Error(`--parallelism ${values.parallelism}: give a whole number from 1 to ${maxParallelism}.`);
  }
  return {
    environment: values.environment,
    only: values.only,
    region: values.region,
    keep: values.keep,
    drill: values.drill,
    worldTest: values["world-test"],
    parallelism,
  };
};
