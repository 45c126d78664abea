import { type Actor, auditActor } from "../identity/actor.ts";
import { readProposal } from "../identity/proposal.ts";
import type { Config } from "../platform/config.ts";
import { enqueue } from "../platform/outbox.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type BulkCredit, bulkCredits } from "./bulk-credit.ts";

export const readTopic = "bulk_credit.read";

interface Input extends Actor {
  readonly title: string;
  readonly content: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Keeps the file and leaves its reading to the worker. Nothing moves yet. */
export async function requestBulkCredit(tx: Transaction, { CAMPUS_CURRENCY }: Config, input: Input): Promise<BulkCredit> {
  const made = await tx.row<{ id: string }>(sql`
    insert into bulk_credits (title, currency, content, metadata, requested_by, request_id)
    values (${input.title}, ${CAMPUS_CURRENCY}, ${input.content}, ${JSON.stringify(input.metadata)}, ${input.staffId}, ${input.requestId}) returning id`);
  if (!made) throw new Error("The bulk credit was not written.");
  await enqueue(tx, readTopic, { bulk_credit_id: made.id });
  await auditActor(tx, input, {
    action: "bulk_credit.requested",
    objectKind: "bulk_credit",
    objectId: made.id,
    details: { bytes: input.content.length },
  });
  return readProposal(tx, bulkCredits, made.id);
}
