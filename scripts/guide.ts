import { setPriority } from "node:os";
import { type Command, runCommand } from "../app/local/command.ts";

export const command = {
  name: "npm run guide",
  for: "developer",
  what: "Builds docs/ and runbooks/ as a site with a search, where they changed; npm start does it by itself, in the background, and shows it at /guide/.",
  touches: "app/web/dist/guide.",
  options: {},
  exits: { 1: "it could not be built: a page has a link that leads nowhere, or markup that cannot be read" },
} as const satisfies Command;

const lowestPriority = 19;

await runCommand(import.meta, command, async () => {
  process.env.NODE_ENV = "production";
  setPriority(lowestPriority);
  // Ended with the system that wanted it: by an exit, which leaves nothing in .cache, where a signal alone would.
  process.once("SIGTERM", () => process.exit(143));
  const { buildGuide, guideFolder } = await import("./guide/build.ts");
  console.error((await buildGuide()) ? `built ${guideFolder}` : "nothing has changed");
  return 0;
});
