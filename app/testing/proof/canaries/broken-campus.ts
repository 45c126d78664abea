import type { TestDatabase } from "../../database.ts";
import type { CommitCutter } from "../commit-cutter.ts";
import { startCutCampus } from "../cut-campus.ts";
import { runWorkload } from "./workload.ts";

/** Which order the stories come in; PROOF_SEED asks for another one. */
export const seed = Number(process.env.PROOF_SEED ?? 1);

export const again = (name: string) => `again: PROOF_SEED=${seed} npx vitest run --project app app/testing/proof/canaries -t "${name}"`;

/** The ids of the invariants that a campus breaks which was broken so. */
export async function violatedBy(breakIt: (database: TestDatabase, cutter: CommitCutter) => Promise<void>): Promise<string[]> {
  const { campus, cutter } = await startCutCampus({ LOG_LEVEL: "silent" });
  try {
    await breakIt(campus.database, cutter);
    return await runWorkload(campus, cutter, seed);
  } finally {
    await campus.end();
  }
}
