import { spawnSync } from "node:child_process";

let isSupported: boolean | undefined;

/**
 * The words to put before a command so that Linux ends it when we are gone, even by kill -9, when we cannot end it
 * ourselves. None where setpriv (util-linux) is missing. setpriv replaces itself: the pid is the command's own.
 */
export function dieWithParent(signal: "TERM" | "INT"): readonly string[] {
  isSupported ??= spawnSync("setpriv", ["--pdeathsig", "TERM", "true"], { stdio: "ignore" }).status === 0;
  return isSupported ? ["setpriv", "--pdeathsig", signal] : [];
}
