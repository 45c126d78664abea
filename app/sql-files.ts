import { readdir, readFile } from "node:fs/promises";

/** `name` is the path below the folder: "charges/confirm-charge.sql". */
export interface SqlFile {
  readonly name: string;
  readonly text: string;
}

export interface SqlFiles {
  /** The numbered migrations, in order. */
  readonly steps: readonly SqlFile[];
  /** Functions, triggers, views and types, each beside its verb. */
  readonly definitions: readonly SqlFile[];
}

/** The one place that knows where the SQL lies: in the rooms beside this module. A bundle carries the same folders beside itself. */
export const sqlFolder = new URL("./", import.meta.url);
// Folders beside the rooms: what SQL they hold is nobody's function.
const noRooms = ["analytics", "host", "local", "testing", "web"];
const stepName = /^\d{4}_[a-z_]+\.sql$/;

export async function readSqlFiles(folder: URL = sqlFolder): Promise<SqlFiles> {
  const entries = await readdir(folder, { withFileTypes: true });
  const rooms = entries.filter((entry) => entry.isDirectory() && !noRooms.includes(entry.name)).map(({ name }) => name);
  const files = (await Promise.all(rooms.map((room) => readRoom(folder, room)))).flat();
  files.sort((one, other) => (one.name < other.name ? -1 : 1));
  const isStep = ({ name }: SqlFile) => name.startsWith("migrations/");
  return {
    steps: files.filter(isStep).map(({ name, text }) => ({ name: checkedStep(name.slice("migrations/".length)), text })),
    definitions: files.filter((file) => !isStep(file)),
  };
}

async function readRoom(folder: URL, room: string): Promise<SqlFile[]> {
  const names = (await readdir(new URL(`${room}/`, folder))).filter((name) => name.endsWith(".sql"));
  return Promise.all(
    names.map(async (name) => ({ name: `${room}/${name}`, text: await readFile(new URL(`${room}/${name}`, folder), "utf8") })),
  );
}

function checkedStep(name: string): string {
  if (!stepName.test(name))
    throw new Error(`migrations/${name} is no name of a migration: four digits, then small letters, 0021_what_it_does.sql.`);
  return name;
}
