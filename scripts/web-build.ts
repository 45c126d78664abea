import { type Command, runCommand } from "../app/local/command.ts";

export const command = {
  name: "npm run web:build",
  for: "developer",
  what: "Builds the web apps whose sources changed since their last build; npm start does it by itself.",
  touches: "app/web/dist.",
  options: {},
  exits: { 1: "a build failed" },
} as const satisfies Command;

await runCommand(import.meta, command, async () => {
  process.env.NODE_ENV = "production";
  const { buildWebApps } = await import("../app/web/build.ts");
  await buildWebApps((line) => console.error(line));
  return 0;
});
