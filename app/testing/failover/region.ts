import type { DatabaseAccess } from "../../local/roles.ts";
import { type Database, openDatabase } from "../../platform/postgres.ts";
import { type ApiProcess, startApiProcess } from "../api-process.ts";

/** Two API processes at addresses that stay: whoever fails over moves the name, not the phones. */
export interface Region {
  /** kill -9 of both: a region that is lost tells nobody. */
  lose(): Promise<void>;
}

export async function startRegion(env: Readonly<Record<string, string>>, ports: readonly number[]): Promise<Region> {
  const processes: ApiProcess[] = await Promise.all(ports.map((port) => startApiProcess({ ...env, PORT: String(port) })));
  return {
    async lose() {
      for (const process of processes) process.signal("SIGKILL");
      await Promise.all(processes.map(({ exited }) => exited));
    },
  };
}

const poolSize = 4;

/** Behind the app's back: to prepare the campus, and to know the truth afterwards. */
export function openOwner({ ownerUrl }: DatabaseAccess, ownerPassword: string): Database {
  const password = async () => ownerPassword;
  return openDatabase({
    url: ownerUrl,
    password,
    freshPassword: password,
    poolSize,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 5_000,
    idleInTransactionTimeoutMs: 60_000,
    ca: undefined,
    applicationName: "campus-drill",
    log: { warn: () => undefined },
  });
}
