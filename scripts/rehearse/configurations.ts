import type { Stack } from "./manifest.ts";
import { isObject, type Json, readConfiguration, resourcesOf, writeConfiguration } from "./terraform-json.ts";

const providerBlocks = (configuration: Json): readonly Json[] => {
  const providers = isObject(configuration.provider) ? configuration.provider.aws : undefined;
  return (Array.isArray(providers) ? providers : [providers]).filter(isObject);
};

/** The region that a stack stands in: that of its provider without an alias. */
export const regionOf = (configuration: Json): string => {
  const main = providerBlocks(configuration).find((block) => block.alias === undefined);
  return typeof main?.region === "string" ? main.region : "";
};

export const repin = (stacks: readonly Stack[], version: string): void => {
  for (const stack of stacks) {
    const configuration = readConfiguration(stack) as { terraform: { required_providers: { aws: Json } } };
    configuration.terraform.required_providers.aws.version = version;
    writeConfiguration(stack, configuration);
  }
};

export const hasPreventDestroy = (configuration: Json): boolean =>
  resourcesOf(configuration).some(([, , block]) => isObject(block.lifecycle) && block.lifecycle.prevent_destroy === true);
