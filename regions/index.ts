import type { Environment } from "./environment.ts";
import { pilot } from "./environments/pilot.ts";
import { production } from "./environments/production.ts";
import { staging } from "./environments/staging.ts";

export { anyArtifact, notPublished } from "./artifacts.ts";
export { type Capability, capabilities, type Place, type Region } from "./capabilities.ts";
export * from "./environment.ts";

/** A new campus is one file in environments/ and one line here. */
export const environments: Readonly<Record<string, Environment>> = { pilot, staging, production };
