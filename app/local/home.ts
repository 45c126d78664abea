import path from "node:path";

export const projectRoot = path.resolve(import.meta.dirname, "..", "..");

/** The folder of one started system: its data, secrets, logs and lock. `CAMPUS_HOME` sets another one beside `.campus`. */
export interface Home {
  readonly folder: string;
  readonly lock: string;
  readonly dataFolder: string;
  /** Pictures of the menus and whatever else is no row of a table. */
  readonly objects: string;
  /** The payments that the sandbox's gateway knows. */
  readonly gatewayBooks: string;
  readonly secrets: string;
  /** The contract with tests and people: addresses, processes, demo logins. */
  readonly start: string;
  /** Where PostgreSQL and Redis answer while the system runs, passwords included. */
  readonly services: string;
  readonly logs: string;
}

export function findHome(environment: NodeJS.ProcessEnv = process.env): Home {
  const folder = path.resolve(environment.CAMPUS_HOME || path.join(projectRoot, ".campus"));
  const at = (name: string) => path.join(folder, name);
  return {
    folder,
    lock: at("lock"),
    dataFolder: at("postgres"),
    objects: at("objects"),
    gatewayBooks: at("gateway.books"),
    secrets: at("secrets.json"),
    start: at("start.json"),
    services: at("services.json"),
    logs: at("logs"),
  };
}
