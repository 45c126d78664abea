import { spawnSync } from "node:child_process";
import path from "node:path";
import { PlainError } from "../../local/plain-error.ts";
import { ownHome, say, serverState } from "./places.ts";
import { appEnvironment } from "./secrets.ts";

/** The two with whom a university begins, with passwords for one use; where there is any account nobody is made. */
export function makeAdmins(names: readonly [string, string]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(ownHome, "app/first-admins.mjs"), ...names], {
    env: appEnvironment(),
    encoding: "utf8",
  });
  const reason = stderr.trim().split("\n").at(-1) ?? "";
  if (status !== 0 && !reason.includes("accounts already")) throw new PlainError(`The first admins were not made: ${reason}`);
  if (status !== 0) {
    say("      the university has accounts already");
    return;
  }
  say(`      Log in at https://${serverState().domain}/cafe/ with these, once, and choose an own password; they are shown this one time:`);
  for (const line of stdout.trim().split("\n")) say(`      ${line}`);
}
