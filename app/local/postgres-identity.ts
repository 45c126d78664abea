import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { dieWithParent } from "./die-with-parent.ts";
import { PlainError } from "./plain-error.ts";

/** As whom PostgreSQL's programs run, and the words to put before their commands. */
export interface PostgresIdentity {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly prefix: readonly string[];
}

/** Nobody: the one unprivileged user that every Linux has, so that root needs to create none. */
const nobodyId = 65_534;

/**
 * PostgreSQL refuses to run as root. Root runs it as the owner of its data folder, or as nobody. When such a user cannot
 * reach the checkout (a folder closed to others, as mktemp makes it), the process keeps one right of root's: to read and
 * pass through folders. `no_setuid_fixup` is needed because access(2) drops that right otherwise, and PostgreSQL calls it.
 */
export function choosePostgresIdentity(postgresProgram: string, dataFolder: string): PostgresIdentity {
  if (process.getuid?.() !== 0) return { uid: undefined, gid: undefined, prefix: dieWithParent("INT") };
  const owner = statSync(dataFolder, { throwIfNoEntry: false });
  const { uid, gid } = owner && owner.uid !== 0 ? owner : { uid: nobodyId, gid: nobodyId };
  const become = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--pdeathsig", "INT"];
  const withReadRight = [
    ...become,
    "--inh-caps=-all,+dac_read_search",
    "--bounding-set=-all,+dac_read_search",
    "--ambient-caps=+dac_read_search",
    "--securebits=+no_setuid_fixup",
  ];
  const prefix = [become, withReadRight].find((words) => canRun(words, postgresProgram, dataFolder));
  if (prefix) return { uid, gid, prefix };
  throw new PlainError(
    `PostgreSQL does not run as root, and user ${uid} cannot reach ${dataFolder}: start as an ordinary user, or install setpriv (util-linux), or put the checkout where others may enter (chmod o+x on its folders).`,
  );
}

function canRun(prefix: readonly string[], postgresProgram: string, folder: string): boolean {
  const [program, ...args] = [...prefix, "sh", "-c", 'cd "$1" && "$2" --version', "sh", folder, postgresProgram];
  return spawnSync(program as string, args, { stdio: "ignore" }).status === 0;
}
