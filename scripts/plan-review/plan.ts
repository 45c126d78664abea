import type { Place } from "../../regions/index.ts";
import { isObject, type Json } from "../rehearse/terraform-json.ts";

export type Side = "before" | "after";

export type ResourceChange = {
  readonly address: string;
  readonly type: string;
  readonly actions: readonly string[];
  readonly before: Json;
  readonly after: Json;
  /** What only the apply will tell: an attribute that is true here has no value in `after`. */
  readonly unknown: Json;
};

/** One stack's plan, named after its file. `changes` has everything that stands too, so that a change can be seen in its place. */
export type Plan = {
  readonly name: string;
  readonly accounts: readonly string[];
  readonly place: Place;
  readonly changes: readonly ResourceChange[];
  readonly references: ReadonlyMap<string, readonly string[]>;
};

export type FindingKind = "stateful" | "iam" | "exposure" | "protection" | "cost";

export type Finding = {
  readonly kind: FindingKind;
  readonly address: string;
  readonly says: string;
  /** A gated finding stops the review until it is mended or accepted; the others are only told. */
  readonly mend?: string;
};

export const creates = ({ actions }: ResourceChange): boolean => actions.join() === "create";
export const removes = ({ actions }: ResourceChange): boolean => actions.join() === "delete";
export const forgets = ({ actions }: ResourceChange): boolean => actions.includes("forget");
export const replaces = ({ actions }: ResourceChange): boolean => actions.includes("delete") && actions.includes("create");
export const changesAnything = ({ actions }: ResourceChange): boolean =>
  !actions.every((action) => action === "no-op" || action === "read");

/** "rule.0.default_retention.0.years" read from nested lists and objects. */
export const valueAt = (body: Json, path: string): unknown =>
  path.split(".").reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return value[Number(step)];
    return isObject(value) ? value[step] : undefined;
  }, body);
