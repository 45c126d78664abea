import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { environmentFile } from "./settings.ts";
import { writeWhole } from "./write-whole.ts";

/** Whom the database's certificate may be signed by. */
export const databaseAuthorities = path.join(path.dirname(environmentFile), "database-ca.pem");
// Authorities that an image brings, beside those of RDS.
const ownAuthorities = "/usr/local/share/campus-pay/ca";

export function collectDatabaseAuthorities(home: string): void {
  const files = [path.join(home, "ca/rds.pem"), ...globSync(`${ownAuthorities}/*.pem`).sort()];
  writeWhole(databaseAuthorities, files.map((file) => readFileSync(file, "utf8")).join(""));
}
