import { randomInt } from "node:crypto";
import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import type { CafeTable } from "./tables.ts";

interface Input extends CafeActor {
  readonly label: string;
}

const maxTables = 500;
// Without 0, 1, i, l and o, which are read for each other when the code under the picture is typed.
const letters = "abcdefghjkmnpqrstuvwxyz23456789";
const codeLength = 8;
const newCode = () => Array.from({ length: codeLength }, () => letters[randomInt(letters.length)]).join("");

/** A table with a code of its own that cannot be guessed from another one's. */
export async function addTable(tx: Transaction, input: Input): Promise<CafeTable> {
  const { cafeId, label } = input;
  const count = await tx.row<{ tables: number }>(sql`
    select (select count(*)::int from cafe_tables t where t.cafe_id = f.id and t.is_active) as tables from cafes f where f.id = ${cafeId}`);
  if (!count) throw notFound("The café");
  if (count.tables >= maxTables) throw new CodedError("CONFLICT", `A café has ${maxTables} tables at most: remove one first.`);
  const table = await insert(tx, cafeId, label);
  await auditActor(tx, input, { action: "table.added", objectKind: "table", objectId: table.id, details: { label } });
  return table;
}

async function insert(tx: Transaction, cafeId: string, label: string): Promise<CafeTable> {
  try {
    const table = await tx.row<CafeTable>(sql`
      insert into cafe_tables (cafe_id, code, label) values (${cafeId}, ${newCode()}, ${label}) returning id, cafe_id, code, label, created_at`);
    if (!table) throw new Error("The table was not written.");
    return table;
  } catch (error) {
    if (violatedConstraint(error) !== "cafe_tables_label") throw error;
    throw new CodedError("CONFLICT", `This café has a table "${label}" already: choose another label.`, { details: { field: "label" } });
  }
}
