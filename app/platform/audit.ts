import { type Queryable, sql } from "./postgres.ts";

export interface AuditEntry {
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly action: string;
  readonly objectKind: string;
  readonly objectId: string | null;
  readonly cafeId?: string | null;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly requestId?: string;
}

export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The names in the details are those of the API, whatever the code calls them: people search the trail by them. */
const withSnakeNames = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, held]) => [snakeCase(name), held]))
    : value;

/** One line of the audit trail, written in the transaction of what it tells. No role of ours can change it afterwards. */
export async function audit(tx: Queryable, entry: AuditEntry): Promise<void> {
  await tx.run(sql`
    insert into audit_log (actor_kind, actor_id, action, object_kind, object_id, cafe_id, details, request_id)
    values (${entry.actorKind}, ${entry.actorId}, ${entry.action}, ${entry.objectKind}, ${entry.objectId},
            ${entry.cafeId ?? null}, ${JSON.stringify(entry.details ?? {}, withSnakeNames)}, ${entry.requestId ?? null})`);
}
