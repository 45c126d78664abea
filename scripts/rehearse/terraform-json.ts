import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "./manifest.ts";

export type Json = { [key: string]: unknown };

export const configurationFile = (stack: Stack): string => join(stack.folder, "cdk.tf.json");

export const readConfiguration = (stack: Stack): Json => JSON.parse(readFileSync(configurationFile(stack), "utf8")) as Json;

export const writeConfiguration = (stack: Stack, configuration: Json): void =>
  writeFileSync(configurationFile(stack), JSON.stringify(configuration, null, 2));

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** Every resource block as [type, name, block]. */
export const resourcesOf = (configuration: Json): readonly (readonly [string, string, Json])[] => {
  const types = configuration.resource;
  if (!isObject(types)) return [];
  return Object.entries(types).flatMap(([type, named]) =>
    isObject(named) ? Object.entries(named).flatMap(([name, block]) => (isObject(block) ? [[type, name, block] as const] : [])) : [],
  );
};
