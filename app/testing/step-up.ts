import { type StepUpPurpose, stepUpSealPurpose } from "../identity/step-up.ts";
import { type Database, sql } from "../platform/postgres.ts";
import { unseal } from "../platform/seal.ts";
import type { Api } from "./api-client.ts";

export interface StepUpCode {
  readonly otp: string;
  readonly challenge: string;
}

export interface WantedStepUp {
  readonly purpose: StepUpPurpose;
  readonly [field: string]: unknown;
}

interface Parts {
  readonly owner: Pick<Database, "row">;
  readonly env: Readonly<Record<string, string>>;
}

/** Asks for a code for this deed and reads it where the worker finds it: what the message says is tested with the step-up itself. */
export async function askForCode({ owner, env }: Parts, student: { readonly api: Api }, wanted: WantedStepUp): Promise<StepUpCode> {
  const answer = await student.api<{ request_id: string; challenge: string }>("POST", "/users/me/step-up", { body: wanted });
  if (answer.status !== 200) throw new Error(`A code for ${wanted.purpose} was refused with ${answer.status}: ${answer.text}`);
  const row = await owner.row<{ sealed: string }>(sql`
    select payload ->> 'sealed' as sealed from outbox where topic = 'sms.step_up' and payload ->> 'step_up_id' = ${answer.body.request_id}`);
  return { otp: unseal(env.SEAL_KEY ?? "", stepUpSealPurpose, row?.sealed ?? ""), challenge: answer.body.challenge };
}
