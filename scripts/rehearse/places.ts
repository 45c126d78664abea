import { join } from "node:path";

export const root = join(import.meta.dirname, "..", "..");
export const cacheFolder = join(root, ".cache");
export const cdktfProgram = join(root, "node_modules/cdktf-cli/bundle/bin/cdktf.js");

/** Each kind of run has a folder of its own, so that two kinds do not disturb each other. */
export const workFolder = (run: string): string => join(root, ".rehearse", run);
