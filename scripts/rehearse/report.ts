import { regionOf } from "./configurations.ts";
import { duration, table } from "./console.ts";
import type { Stack } from "./manifest.ts";
import type { StateResource } from "./terraform.ts";
import { readConfiguration } from "./terraform-json.ts";

export type StackRecord = {
  readonly resources: readonly StateResource[];
  readonly deploySeconds: number;
};

const shownKinds = 5;

const kinds = (resources: readonly StateResource[]): string => {
  const counts = new Map<string, number>();
  for (const { type } of resources) counts.set(type, (counts.get(type) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, shownKinds).map(([type, count]) => `${count} ${type.replace(/^aws_/, "")}`);
  return shown.join(", ") + (sorted.length > shownKinds ? `, ${sorted.length - shownKinds} kinds more` : "");
};

/** What stands where. */
export const summary = (stacks: readonly Stack[], records: ReadonlyMap<string, StackRecord>): string => {
  const rows = stacks.map((stack) => {
    const record = records.get(stack.name);
    const resources = record?.resources ?? [];
    return [
      stack.name,
      regionOf(readConfiguration(stack)),
      duration(record?.deploySeconds ?? 0),
      String(resources.length),
      kinds(resources),
    ];
  });
  const all = [...records.values()].flatMap((record) => record.resources);
  const total = ["all", "", "", String(all.length), `${new Set(all.map((one) => one.type)).size} kinds of resource`];
  return table([["stack", "region", "deploy", "resources", "what"], ...rows, total]);
};
