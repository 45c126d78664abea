import { anyArtifact, environments, withArtifact } from "../../regions/index.ts";
import { type Resource, referenced, resourcesOf, type Synthesized, synthesizeCampus } from "../../stacks/rules/synthesized.ts";

export const drawnEnvironment = "pilot";

export const regional = [
  { place: "north", other: "south", plan: "primary" },
  { place: "south", other: "north", plan: "standby" },
] as const;

let campus: Synthesized | undefined;

/** The pilot as Terraform will read it; synthesized once for all pictures. */
export function readCampus(): Synthesized {
  const environment = environments[drawnEnvironment];
  if (!environment) throw new Error(`the diagrams draw the environment ${drawnEnvironment}, which is not in regions/index.ts.`);
  campus ??= synthesizeCampus(withArtifact(environment, anyArtifact));
  return campus;
}

export const regionOf = (place: "north" | "south"): string =>
  environments[drawnEnvironment]?.[place === "north" ? "primary" : "standby"].region ?? "";

export const stackName = (place: string, part: string): string => `${drawnEnvironment}-${place}-${part}`;

export const shortStack = (stack: string): string => stack.replace(`${drawnEnvironment}-`, "");

/** The resources of some types in one stack. */
export const inStack = (all: Synthesized, stack: string, ...types: readonly string[]): Resource[] =>
  resourcesOf(all, ...types).filter((resource) => resource.stack === stack);

/** The only one of its type in a stack: a picture with two where one was meant would be wrong. */
export function only(all: Synthesized, stack: string, type: string): Resource {
  const [first, ...others] = inStack(all, stack, type);
  if (first && others.length === 0) return first;
  throw new Error(
    `the diagrams expect one ${type} in ${stack} and found ${first ? others.length + 1 : 0}; teach scripts/diagrams what to draw.`,
  );
}

export function target(all: Synthesized, { stack }: Resource, reference: unknown): Resource | undefined {
  return typeof reference === "string" ? referenced(all, stack, reference) : undefined;
}

/** "web" for pilot-north-storage/web/bucket. */
export const partOf = ({ path }: Resource): string => path.split("/")[1] ?? path;

export const isDefined = <T>(value: T | undefined): value is T => value !== undefined;

/** The stacks whose outputs a stack reads. */
export const dependenciesOf = (all: Synthesized, stack: string): string[] => {
  const json = all.stacks.get(stack) as { data?: { terraform_remote_state?: Record<string, unknown> } } | undefined;
  return Object.keys(json?.data?.terraform_remote_state ?? {}).map((id) => id.replace("cross-stack-reference-input-", ""));
};
