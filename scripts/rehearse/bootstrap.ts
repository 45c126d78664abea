import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "./manifest.ts";
import { type Site, terraform } from "./terraform.ts";
import { isObject, type Json, readConfiguration, resourcesOf, writeConfiguration } from "./terraform-json.ts";

const stateBucketOf = (configuration: Json): unknown => {
  const backend = isObject(configuration.terraform) ? configuration.terraform.backend : undefined;
  return isObject(backend) && isObject(backend.s3) ? backend.s3.bucket : undefined;
};

/** The stack whose state lives in a bucket that it makes itself. */
export const makesItsOwnStateBucket = (stack: Stack): boolean => {
  const configuration = readConfiguration(stack);
  const bucket = stateBucketOf(configuration);
  return bucket !== undefined && resourcesOf(configuration).some(([type, , block]) => type === "aws_s3_bucket" && block.bucket === bucket);
};

const withoutBackend = (configuration: Json): Json => {
  const copy = structuredClone(configuration);
  if (isObject(copy.terraform)) delete copy.terraform.backend;
  return copy;
};

const moveState = async (site: Site, stack: Stack): Promise<boolean> =>
  (await terraform(site, stack, "init", "-migrate-state", "-force-copy", "-input=false", "-no-color")).code === 0;

/** As in a new account: deploy with the state in a local file, then move the state into the bucket that now stands. */
export const deployBootstrap = async (site: Site, stack: Stack, deploy: () => Promise<boolean>): Promise<boolean> => {
  const configuration = readConfiguration(stack);
  writeConfiguration(stack, withoutBackend(configuration));
  const deployed = await deploy();
  writeConfiguration(stack, configuration);
  if (!deployed || !(await moveState(site, stack))) return false;
  for (const file of ["terraform.tfstate", "terraform.tfstate.backup"]) rmSync(join(stack.folder, file), { force: true });
  return true;
};

/** The way back: the state leaves the bucket before the bucket goes. */
export const destroyBootstrap = async (site: Site, stack: Stack, destroy: () => Promise<boolean>): Promise<boolean> => {
  writeConfiguration(stack, withoutBackend(readConfiguration(stack)));
  return (await moveState(site, stack)) && (await destroy());
};
