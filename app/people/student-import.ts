import type { Actor } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import { enqueue } from "../platform/outbox.ts";
import { type Queryable, sql, type Transaction } from "../platform/postgres.ts";
import type { Problem } from "./read-register.ts";

export const importModes = ["all_or_none", "good_lines"] as const;
export type ImportMode = (typeof importModes)[number];
export const importStatuses = ["waiting", "running", "done", "refused", "failed"] as const;

export interface StudentImport {
  readonly id: string;
  readonly mode: ImportMode;
  readonly isDryRun: boolean;
  readonly status: (typeof importStatuses)[number];
  readonly bytesTotal: number;
  readonly bytesRead: number;
  readonly linesRead: number;
  readonly badLines: number;
  readonly createdCount: number;
  readonly updatedCount: number;
  readonly unchangedCount: number;
  readonly problems: readonly Problem[];
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export const importTopic = "students.import";

interface Input extends Actor {
  readonly content: Buffer;
  readonly mode: ImportMode;
  readonly isDryRun: boolean;
}

/** Keeps the file and leaves the work to the worker. */
export async function requestImport(tx: Transaction, { content, mode, isDryRun, staffId, requestId }: Input): Promise<StudentImport> {
  const made = await tx.row<{ id: string }>(sql`
    insert into student_imports (staff_id, mode, is_dry_run, content, bytes_total, request_id)
    values (${staffId}, ${mode}, ${isDryRun}, ${content}, ${content.length}, ${requestId}) returning id`);
  if (!made) throw new Error("The import was not written.");
  await enqueue(tx, importTopic, { import_id: made.id });
  return readImport(tx, made.id);
}

export async function readImport(db: Queryable, importId: string): Promise<StudentImport> {
  const found = await db.row<StudentImport>(sql`
    select id, mode, is_dry_run, status, bytes_total, bytes_read, lines_read, bad_lines, created_count, updated_count, unchanged_count,
      problems, created_at, finished_at
    from student_imports where id = ${importId}`);
  if (!found) throw notFound("The import");
  return found;
}
