import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { PlainError } from "../../app/local/plain-error.ts";
import { capabilities, type Place, type Region } from "../../regions/index.ts";
import { isObject, type Json } from "../rehearse/terraform-json.ts";
import type { Plan, ResourceChange } from "./plan.ts";

const badInput = 2;
const howToMakeOne = "make one with `terraform plan -out=p && terraform show -json p > STACK.json`";

/** Files, or folders of them. */
export const readPlans = (paths: readonly string[]): readonly Plan[] => {
  if (paths.length === 0) throw new PlainError(`No plan was named; ${howToMakeOne}, then npm run plan:review -- STACK.json`, badInput);
  const plans = paths.flatMap(filesOf).map(readPlan);
  const twice = plans.find(({ name }, index) => plans.findIndex((other) => other.name === name) !== index);
  if (twice)
    throw new PlainError(
      `Two plans are named ${twice.name}: name each file after its stack, so that findings can be told apart.`,
      badInput,
    );
  return plans;
};

const filesOf = (path: string): readonly string[] => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new PlainError(`${path} does not exist; ${howToMakeOne}.`, badInput);
  if (!found.isDirectory()) return [path];
  const files = readdirSync(path).filter((name) => name.endsWith(".json"));
  if (files.length === 0) throw new PlainError(`${path} holds no .json file; ${howToMakeOne}.`, badInput);
  return files.sort().map((name) => join(path, name));
};

const readPlan = (file: string): Plan => {
  const plan = parse(file);
  const refuse = (why: string) => new PlainError(`${file} ${why}; ${howToMakeOne}.`, badInput);
  if (!isObject(plan) || typeof plan.format_version !== "string") throw refuse("is not a plan of Terraform");
  if (!plan.format_version.startsWith("1.")) throw refuse(`has format ${plan.format_version}, and this review reads 1.x`);
  if (!isObject(plan.planned_values)) throw refuse("is a state and not a plan");
  if (plan.errored === true) throw refuse("is a plan that ended in an error, so it does not hold every change");
  const changes = plan.resource_changes ?? [];
  if (!Array.isArray(changes)) throw refuse("has changes that are no list");
  return {
    name: basename(file, ".json"),
    accounts: accountsOf(plan),
    place: placeOf(plan),
    references: referencesOf(plan),
    changes: changes.map((change) => {
      const read = readChange(change);
      if (!read) throw refuse("has a change without address, type and actions");
      return read;
    }),
  };
};

const parse = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new PlainError(`${file} cannot be read as JSON (${(error as Error).message}); ${howToMakeOne}.`, badInput);
  }
};

const fields = (value: unknown): Json => (isObject(value) ? value : {});

const readChange = (change: unknown): ResourceChange | undefined => {
  const { address, type, change: body } = fields(change);
  const { actions, before, after, after_unknown: unknown } = fields(body);
  if (typeof address !== "string" || typeof type !== "string" || !Array.isArray(actions)) return undefined;
  return { address, type, actions: actions.map(String), before: fields(before), after: fields(after), unknown: fields(unknown) };
};

const providerArguments = (plan: Json, argument: string): readonly unknown[] =>
  Object.values(fields(fields(plan.configuration).provider_config)).map(
    (provider) => fields(fields(fields(provider).expressions)[argument]).constant_value,
  );

/** The accounts that the plan's providers may touch: ours. */
const accountsOf = (plan: Json): readonly string[] =>
  providerArguments(plan, "allowed_account_ids").flatMap((allowed) => (Array.isArray(allowed) ? allowed.map(String) : []));

/** Where the plan's first provider works; a region that we do not know has the first region's prices. */
const placeOf = (plan: Json): Place => {
  const region = providerArguments(plan, "region").find((one): one is Region => typeof one === "string" && one in capabilities);
  return region ? capabilities[region].place : "north";
};

/** Which other resources each resource's arguments name, from the configuration. */
const referencesOf = (plan: Json): ReadonlyMap<string, readonly string[]> => {
  const resources = fields(fields(plan.configuration).root_module).resources;
  if (!Array.isArray(resources)) return new Map();
  return new Map(
    resources.map(fields).map(({ address, expressions }) => {
      const named = Object.values(fields(expressions)).flatMap((expression) => fields(expression).references ?? []);
      return [String(address), named.map(String)];
    }),
  );
};
