import { type DirtyAttribute, dirtyAttributes } from "./dirty-attributes.ts";
import type { Stack } from "./manifest.ts";
import { type Site, terraform } from "./terraform.ts";
import { isObject, type Json } from "./terraform-json.ts";

export type Change = {
  readonly address: string;
  readonly type: string;
  readonly actions: readonly string[];
  readonly attributes: readonly string[];
};

export type SecondPlan =
  | { readonly kind: "empty"; readonly tolerated: readonly Change[] }
  | { readonly kind: "changes"; readonly changes: readonly Change[] }
  | { readonly kind: "failed"; readonly message: string };

type PlanJson = {
  readonly resource_changes?: readonly {
    address: string;
    type: string;
    change: { actions: string[]; before: unknown; after: unknown; after_unknown: unknown };
  }[];
};

const fields = (value: unknown): Json => (isObject(value) ? value : {});

const changedAttributes = (before: unknown, after: unknown, unknown: unknown): readonly string[] => {
  const [old, wanted, later] = [fields(before), fields(after), fields(unknown)];
  const names = new Set([...Object.keys(old), ...Object.keys(wanted), ...Object.keys(later)]);
  return [...names]
    .filter((name) => later[name] === true || JSON.stringify(old[name] ?? null) !== JSON.stringify(wanted[name] ?? null))
    .sort();
};

export const changesIn = (plan: PlanJson): readonly Change[] =>
  (plan.resource_changes ?? [])
    .filter(({ change }) => !change.actions.every((action) => action === "no-op" || action === "read"))
    .map(({ address, type, change }) => ({
      address,
      type,
      actions: change.actions,
      attributes: changedAttributes(change.before, change.after, change.after_unknown),
    }));

/** A change in place, of listed attributes alone. */
export const isTolerated = (change: Change, list: readonly DirtyAttribute[] = dirtyAttributes): boolean =>
  change.actions.join() === "update" &&
  change.attributes.every((attribute) => list.some((dirty) => dirty.type === change.type && dirty.attribute === attribute));

/** Plans a stack that was just deployed: nothing may be left to do. */
export const planAgain = async (site: Site, stack: Stack): Promise<SecondPlan> => {
  const planned = await terraform(
    site,
    stack,
    "plan",
    "-detailed-exitcode",
    "-input=false",
    "-lock=false",
    "-no-color",
    "-out=second.plan",
  );
  if (planned.code === 0) return { kind: "empty", tolerated: [] };
  if (planned.code !== 2)
    return { kind: "failed", message: planned.lines.find((line) => line.includes("Error:")) ?? `exit code ${planned.code}` };
  const shown = await terraform(site, stack, "show", "-json", "second.plan");
  const changes = changesIn(JSON.parse(shown.lines.findLast((line) => line.startsWith("{")) ?? "{}") as PlanJson);
  const unexpected = changes.filter((change) => !isTolerated(change));
  return unexpected.length === 0 && changes.length > 0 ? { kind: "empty", tolerated: changes } : { kind: "changes", changes: unexpected };
};

export const describeChange = (change: Change): string =>
  `${change.actions.join(" and ")} ${change.address} (${change.attributes.join(", ")})`;
