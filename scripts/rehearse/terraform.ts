import { join } from "node:path";
import type { Stack } from "./manifest.ts";
import { type Outcome, run } from "./processes.ts";
import type { Json } from "./terraform-json.ts";

/** Where the commands of a rehearsal run, and as what. */
export type Site = {
  readonly root: string;
  readonly outFolder: string;
  readonly logFolder: string;
  readonly providerVersion: string;
  readonly env: Record<string, string>;
};

export const terraform = (site: Site, stack: Stack, ...args: readonly string[]): Promise<Outcome> =>
  run({ file: "terraform", args, cwd: stack.folder, env: site.env, log: join(site.logFolder, `${stack.name}.log`) });

/** One stack, one cdktf: a stack that fails cannot make cdktf cut off the terraform of another. */
export const cdktf = (site: Site, verb: "deploy" | "destroy", stack: Stack, onLine?: (line: string) => void): Promise<Outcome> =>
  run({
    file: process.execPath,
    args: [
      join(site.root, "node_modules/cdktf-cli/bundle/bin/cdktf.js"),
      verb,
      stack.name,
      ...[
        "--output",
        site.outFolder,
        "--skip-synth",
        "--auto-approve",
        "--skip-provider-lock",
        "--ignore-missing-stack-dependencies",
        "--no-color",
      ],
    ],
    cwd: site.root,
    env: site.env,
    log: join(site.logFolder, `${stack.name}.log`),
    ...(onLine && { onLine }),
  });

export type StateResource = {
  readonly address: string;
  readonly type: string;
  readonly mode: string;
  readonly values: Json;
};

/** The managed resources in a stack's state. */
export const stateOf = async (site: Site, stack: Stack): Promise<readonly StateResource[]> => {
  const { code, lines } = await run({ file: "terraform", args: ["show", "-json"], cwd: stack.folder, env: site.env });
  if (code !== 0) throw new Error(`terraform show in ${stack.name}: ${lines.at(-1)}`);
  const state = JSON.parse(lines.findLast((line) => line.startsWith("{")) ?? "{}") as {
    values?: { root_module?: { resources?: StateResource[] } };
  };
  return (state.values?.root_module?.resources ?? []).filter((resource) => resource.mode === "managed");
};
