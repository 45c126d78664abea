import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { diagrams } from "./diagrams.ts";

/** `npm run diagrams`: the pictures and tables alone; `npm run generate` writes them with everything else. */
const root = join(import.meta.dirname, "../..");
for (const { file, make } of diagrams) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), make());
}
console.log(`diagrams: wrote ${diagrams.map(({ file }) => file).join(", ")}`);
