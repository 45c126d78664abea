import { PlainError } from "../../app/local/plain-error.ts";

export interface StartOptions {
  /** The public port; the API processes and the sandbox take the next three. */
  readonly port: number;
  readonly fresh: boolean;
}

export const portsTaken = 4;
const defaultPort = 8080;
const highestPort = 65_535;

export function readOptions({ fresh = false }: { readonly fresh: boolean | undefined }, environment: NodeJS.ProcessEnv): StartOptions {
  const { CAMPUS_ENV, DATABASE_URL, PORT } = environment;
  if (CAMPUS_ENV && CAMPUS_ENV !== "sandbox")
    throw new PlainError(`npm start is for the sandbox with its demo data, and CAMPUS_ENV is "${CAMPUS_ENV}": unset it.`);
  if (fresh && DATABASE_URL)
    throw new PlainError(
      "--fresh erases only a database that npm start made, and DATABASE_URL names another one: empty that one yourself.",
    );
  return { port: parsePort(PORT), fresh };
}

function parsePort(text: string | undefined): number {
  if (!text) return defaultPort;
  const port = Number(text);
  const highest = highestPort - portsTaken + 1;
  if (Number.isInteger(port) && port >= 1 && port <= highest) return port;
  throw new PlainError(`PORT is "${text}": give a whole number from 1 to ${highest} (the three ports after it are used too).`);
}
