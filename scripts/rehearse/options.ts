import { type Asked, type Command, refuse, wholeNumber } from "../../app/local/command.ts";

export type Options = {
  readonly environment: string;
  /** Stack ids; empty means all. What a named stack depends on comes along. */
  readonly only: readonly string[];
  readonly region: string | undefined;
  readonly keep: boolean;
  /** Whether the campus comes to life; where it only may, a machine that cannot do it rehearses the stacks alone. */
  readonly live: "demanded" | "where-possible" | undefined;
  /** Deploys stacks of its own, which die in the middle. */
  readonly stateDrill: boolean;
  /** The one that a campus that lives goes through; undefined goes through the usual ones. */
  readonly liveDrill: LiveDrill | undefined;
  readonly worldTest: boolean;
  readonly parallelism: number;
  /** Every so manieth answer of the world is lost on its way; undefined loses none. */
  readonly loseEvery: number | undefined;
};

/** What a campus that lives goes through when nothing is said. */
export const usualDrills = ["game-days", "machine-lost", "database-lost", "release"] as const;
/** Those beside them take too long for every run. */
export const liveDrills = [...usualDrills, "rotate", "region-lost"] as const;
export type LiveDrill = (typeof liveDrills)[number];

const maxParallelism = 8;
const leastLoseEvery = 3;

export const command = {
  name: "npm run rehearse",
  for: "platform team",
  what: "Deploys every stack with Terraform into a stand-in for AWS, plans again, looks for drift, and destroys it all.",
  touches: "nothing of any account: a world of its own on this machine, which it ends. It refuses to run with real credentials.",
  options: {
    environment: { type: "string", value: "NAME", default: "pilot", help: "pilot, staging or production" },
    only: {
      type: "string",
      value: "STACK",
      multiple: true,
      default: [],
      help: "this stack and what it depends on; may be given more than once",
    },
    region: { type: "string", value: "REGION", help: "the stacks of one region, and the global ones" },
    live: {
      type: "boolean",
      help: "then the campus boots, serves and loses a machine on this machine: real user data, artifact, PostgreSQL, Redis, load balancer",
    },
    "live-where-possible": { type: "boolean", help: "--live where machines can boot; elsewhere it says why not, and goes on without" },
    keep: {
      type: "boolean",
      help: "leave everything standing until Ctrl-C, to look around with terraform or the AWS CLI; with --live also with a browser, an operator's shell and a region to lose",
    },
    drill: {
      type: "string",
      value: "NAME",
      help: `alone, on a campus that lives: ${liveDrills.join(", ")}; or "state": a deploy that dies in the middle, mended by runbooks/terraform-state.md`,
    },
    "world-test": { type: "boolean", help: "prove every addition to moto, and that moto still lacks it" },
    parallelism: { type: "string", value: "N", default: "3", help: `stacks at a time, up to ${maxParallelism}; each takes about 0.7 GB` },
    "lose-every": {
      type: "string",
      value: "N",
      help: "the network loses every Nth answer of AWS: nothing may happen twice, nothing may fail",
    },
  },
  exits: {
    1: "the rehearsal failed",
    2: "real credentials, or what was typed is not understood",
    3: "it cannot run on this machine",
    130: "interrupted",
  },
} as const satisfies Command;

const environments = ["pilot", "staging", "production"];

export const optionsOf = ({ values }: Asked<(typeof command)["options"]>): Options => {
  const { environment, only, region, keep = false, live = false, drill, parallelism } = values;
  if (!environments.includes(environment))
    throw refuse(command, `there is no environment "${environment}"; there are ${environments.join(", ")}.`);
  const liveDrill = liveDrills.find((known) => known === drill);
  if (drill !== undefined && drill !== "state" && !liveDrill)
    throw refuse(command, `there is no drill "${drill}"; there are state, ${liveDrills.join(", ")}.`);
  const loseEvery = values["lose-every"];
  return {
    environment,
    only,
    region,
    keep,
    live: live || liveDrill ? "demanded" : values["live-where-possible"] ? "where-possible" : undefined,
    stateDrill: drill === "state",
    liveDrill,
    worldTest: values["world-test"] === true,
    parallelism: wholeNumber(command, "parallelism", parallelism, { to: maxParallelism }),
    loseEvery: loseEvery === undefined ? undefined : wholeNumber(command, "lose-every", loseEvery, { from: leastLoseEvery }),
  };
};
