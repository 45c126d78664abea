import { spawnSync } from "node:child_process";
import { type Command, runCommand } from "../app/local/command.ts";
import { findHome, projectRoot } from "../app/local/home.ts";
import { startSystem } from "./test/started-system.ts";

export const command = {
  name: "npm run web:test",
  for: "developer",
  what: "Walks the web apps in a real Chromium before a started system of its own (or the one that runs here).",
  touches: "a temporary folder; with --pictures the pictures in docs/pictures; as root it installs Chromium where there is none.",
  options: {
    all: { type: "boolean", help: "the long matrix too: every page, three languages, light, dark and forced colours" },
    pictures: { type: "boolean", help: "take the screenshots of docs/pictures anew" },
    only: { type: "string", help: "only the rows whose name holds this text" },
    here: { type: "boolean", help: "before the system that npm start runs in this folder" },
  },
  exits: { 1: "a row failed" },
} as const satisfies Command;

await runCommand(import.meta, command, async ({ values }) => {
  const system = values.here ? undefined : await startSystem(new AbortController().signal);
  const home = system?.home ?? findHome();
  try {
    const args = [
      "app/web/testing/run.ts",
      home.start,
      ...(values.all ? ["--all"] : []),
      ...(values.pictures ? ["--pictures", "docs/pictures"] : []),
      ...(values.only ? ["--only", values.only] : []),
    ];
    const { stdout } = spawnSync(process.execPath, args, { cwd: projectRoot, stdio: ["ignore", "pipe", "inherit"] });
    const result = JSON.parse(String(stdout).trimEnd().split("\n").at(-1) ?? "{}") as { passed: number; failed: number; skipped: string[] };
    for (const why of result.skipped) console.log(`skipped: ${why}`);
    console.log(`${result.passed} passed, ${result.failed} failed, ${result.skipped.length} skipped`);
    return result.failed > 0 ? 1 : 0;
  } finally {
    await system?.stop();
    system?.remove();
  }
});
