import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Command, readers, runCommand } from "../app/local/command.ts";

export const command = {
  name: "npm run help",
  for: "newcomer",
  what: "Lists every command by who needs it.",
  touches: "nothing.",
} as const satisfies Command;

const headings = {
  newcomer: "To begin",
  developer: "For developers",
  "platform team": "For the platform team",
  "on call": "For whoever is on call",
};

const root = join(import.meta.dirname, "..");

/** What package.json runs as `node FILE`: the file of each command by its name there. `pre…` scripts are steps of another one. */
export function commandFiles(): ReadonlyMap<string, string> {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
  const files = Object.entries(scripts)
    .filter(([name]) => !(name.startsWith("pre") && name.slice("pre".length) in scripts))
    .map(([name, line]) => [name, /^node ([\w./-]+\.[jt]s)\b/.exec(line)?.[1] ?? ""] as const);
  return new Map(files);
}

export async function readCommands(): Promise<Command[]> {
  const files = new Set(commandFiles().values());
  const others = [...files].filter((file) => file !== "" && file !== "scripts/help.ts");
  const read = async (file: string) => ((await import(pathToFileURL(join(root, file)).href)) as { command: Command }).command;
  return [command, ...(await Promise.all(others.map(read)))];
}

await runCommand(import.meta, command, async () => {
  const commands = await readCommands();
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  for (const reader of readers) {
    const lines = commands.filter((one) => one.for === reader).map(({ name, what }) => `  ${name.padEnd(width)}${what}`);
    console.log([`${headings[reader]}:`, ...lines.toSorted(), ""].join("\n"));
  }
  console.log("More on one of them: its name and `-- --help`, as in `npm run backup -- --help`.");
});
