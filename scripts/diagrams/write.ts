import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, runCommand } from "../../app/local/command.ts";
import { diagrams } from "./diagrams.ts";

export const command = {
  name: "npm run diagrams",
  for: "platform team",
  what: "Writes the pictures and tables of the platform alone; `npm run generate` writes them with everything else.",
  touches: "files under docs/.",
} as const satisfies Command;

await runCommand(import.meta, command, () => {
  const root = join(import.meta.dirname, "../..");
  for (const { file, make } of diagrams) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), make());
  }
  console.log(`diagrams: wrote ${diagrams.map(({ file }) => file).join(", ")}`);
});
