import { deployBootstrap, destroyBootstrap, makesItsOwnStateBucket } from "./bootstrap.ts";
import { duration, say } from "./console.ts";
import type { Stack } from "./manifest.ts";
import type { Outcome } from "./processes.ts";
import type { StackRecord } from "./report.ts";
import { downwards, upwards } from "./schedule.ts";
import { describeChange, planAgain } from "./second-plan.ts";
import { cdktf, type Site, stateOf } from "./terraform.ts";

const shownErrorLines = 12;

/** The state bucket comes first and goes last: every other stack keeps its state in it. */
const bootstrapFirst = (stacks: readonly Stack[]): { readonly bootstrap: Stack | undefined; readonly others: readonly Stack[] } => {
  const bootstrap = stacks.find(makesItsOwnStateBucket);
  return { bootstrap, others: stacks.filter((stack) => stack !== bootstrap) };
};

const explain = (site: Site, stack: Stack, outcome: Outcome): void => {
  const at = outcome.lines.findIndex((line) => line.includes("Error:"));
  const shown = outcome.lines.slice(Math.max(at, 0)).filter((line) => line.trim() !== "");
  for (const line of shown.slice(0, shownErrorLines)) console.log(`        ${line.trim()}`);
  console.log(`        the whole story: ${site.logFolder}/${stack.name}.log`);
};

const timed = async (work: () => Promise<boolean>): Promise<{ readonly ok: boolean; readonly seconds: number }> => {
  const startedAt = performance.now();
  const ok = await work();
  return { ok, seconds: (performance.now() - startedAt) / 1000 };
};

const byCdktf = async (site: Site, verb: "deploy" | "destroy", stack: Stack): Promise<boolean> => {
  const outcome = await cdktf(site, verb, stack);
  if (outcome.code !== 0) explain(site, stack, outcome);
  return outcome.code === 0;
};

export const deployAll = async (site: Site, stacks: readonly Stack[], parallelism: number): Promise<ReadonlyMap<string, StackRecord>> => {
  const records = new Map<string, StackRecord>();
  const { bootstrap, others } = bootstrapFirst(stacks);
  const deployOne = async (stack: Stack): Promise<boolean> => {
    say(`${stack.name} …`);
    const { ok, seconds } = await timed(() => {
      const deploy = () => byCdktf(site, "deploy", stack);
      return stack === bootstrap ? deployBootstrap(site, stack, deploy) : deploy();
    });
    const resources = ok ? await stateOf(site, stack) : [];
    if (ok) records.set(stack.name, { resources, deploySeconds: seconds });
    say(`${stack.name} ${ok ? `stands: ${resources.length} resources` : "FAILED"}, ${duration(seconds)}`);
    return ok;
  };
  const founded = bootstrap === undefined || (await deployOne(bootstrap));
  if (!founded || !(await upwards(others, parallelism, deployOne))) {
    const missing = stacks.filter((stack) => !records.has(stack.name)).map((stack) => stack.name);
    throw new Error(`Not deployed: ${missing.join(", ")}.`);
  }
  return records;
};

/** Every stack is planned again; what is left to do is a fault of a stack or of the world. */
export const planAllAgain = async (site: Site, stacks: readonly Stack[], parallelism: number): Promise<boolean> => {
  let clean = true;
  const independent = stacks.map((stack) => ({ ...stack, dependencies: [] }));
  await upwards(independent, parallelism, async (stack) => {
    const plan = await planAgain(site, stack);
    if (plan.kind === "empty") {
      say(
        `${stack.name} second plan empty${plan.tolerated.length > 0 ? `, but for ${plan.tolerated.map(describeChange).join("; ")}` : ""}`,
      );
      return true;
    }
    clean = false;
    say(`${stack.name} SECOND PLAN NOT EMPTY: ${plan.kind === "failed" ? plan.message : ""}`);
    if (plan.kind === "changes") for (const change of plan.changes) console.log(`        ${describeChange(change)}`);
    return true;
  });
  return clean;
};

/**
 * Ends an environment as a person would: a change that takes the protections off is deployed where it changes
 * anything, then what stands is destroyed, the last first.
 */
export const destroyAll = async (
  site: Site,
  stacks: readonly Stack[],
  mustDeployFirst: ReadonlySet<string>,
  parallelism: number,
): Promise<boolean> => {
  const { bootstrap, others } = bootstrapFirst(stacks);
  const destroyOne = async (stack: Stack): Promise<boolean> => {
    const { ok, seconds } = await timed(async () => {
      if (mustDeployFirst.has(stack.name) && !(await byCdktf(site, "deploy", stack))) return false;
      const destroy = () => byCdktf(site, "destroy", stack);
      return stack === bootstrap ? destroyBootstrap(site, stack, destroy) : destroy();
    });
    say(`${stack.name} ${ok ? "destroyed" : "NOT DESTROYED"}, ${duration(seconds)}`);
    return ok;
  };
  return (await downwards(others, parallelism, destroyOne)) && (bootstrap === undefined || (await destroyOne(bootstrap)));
};
