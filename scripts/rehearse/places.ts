import { join } from "node:path";

export const root = join(import.meta.dirname, "..", "..");
export const workFolder = join(root, ".rehearse");
export const outFolder = join(workFolder, "out");
export const logFolder = join(workFolder, "logs");
export const cacheFolder = join(root, ".cache");
export const cdktfProgram = join(root, "node_modules/cdktf-cli/bundle/bin/cdktf.js");
