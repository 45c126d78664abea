import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import type { Environment } from "../../regions/index.ts";
import { addCampus } from "../campus.ts";

// biome-ignore lint/suspicious/noExplicitAny: Terraform's JSON has a shape for each of hundreds of resource types.
export type Body = Record<string, any>;

export type Resource = { readonly stack: string; readonly type: string; readonly id: string; readonly path: string; readonly body: Body };

export type StackJson = {
  readonly resource?: Record<string, Record<string, Body>>;
  readonly provider?: Record<string, readonly Body[]>;
  readonly output?: Record<string, { readonly value: unknown }>;
  readonly locals?: Record<string, unknown>;
  readonly terraform?: Body;
};

/** The stacks of one environment as Terraform will read them: what the rules look at. */
export type Synthesized = { readonly stacks: ReadonlyMap<string, StackJson>; readonly texts: ReadonlyMap<string, string> };

/** Builds an app in a folder of its own, hands back what it wrote and removes the folder. */
export function synthesize(build: (app: App) => void): Synthesized {
  const outdir = mkdtempSync(join(tmpdir(), "campus-synth-"));
  try {
    const app = new App({ outdir });
    build(app);
    app.synth();
    const folder = join(outdir, "stacks");
    const texts = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name, "cdk.tf.json"), "utf8")]));
    return { texts, stacks: new Map([...texts].map(([name, text]) => [name, JSON.parse(text) as StackJson])) };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

export const synthesizeCampus = (environment: Environment): Synthesized => synthesize((app) => addCampus(app, environment));

export function resourcesOf(synthesized: Synthesized, ...types: readonly string[]): Resource[] {
  return [...synthesized.stacks].flatMap(([stack, json]) =>
    Object.entries(json.resource ?? {})
      .filter(([type]) => types.length === 0 || types.includes(type))
      .flatMap(([type, ofType]) =>
        Object.entries(ofType).map(([id, body]) => ({ stack, type, id, path: body["//"]?.metadata?.path ?? `${stack}/${id}`, body })),
      ),
  );
}

/** Follows "${aws_x.y.attribute}" and outputs of other stacks to the resource that is meant. */
export function referenced(synthesized: Synthesized, stack: string, text: string): Resource | undefined {
  const remote = /data\.terraform_remote_state\.cross-stack-reference-input-(.+?)\.outputs\.([\w-]+)/.exec(text);
  if (remote) {
    const [, other = "", output = ""] = remote;
    const value = synthesized.stacks.get(other)?.output?.[output]?.value;
    return typeof value === "string" ? referenced(synthesized, other, value) : undefined;
  }
  const local = /\$\{(aws_\w+)\.([\w-]+)\./.exec(text);
  return local
    ? resourcesOf(synthesized, local[1] as string).find((resource) => resource.stack === stack && resource.id === local[2])
    : undefined;
}
