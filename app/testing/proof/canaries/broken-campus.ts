import { inject } from "vitest";
import { type Campus, startCampus } from "../../campus.ts";
import type { TestDatabase } from "../../database.ts";
import { type CommitCutter, startCommitCutter } from "../commit-cutter.ts";
import { runWorkload } from "./workload.ts";

/** Which order the stories come in; PROOF_SEED asks for another one. */
export const seed = Number(process.env.PROOF_SEED ?? 1);

export const again = (name: string) => `again: PROOF_SEED=${seed} npx vitest run --project app app/testing/proof/canaries -t "${name}"`;

/** The ids of the invariants that a campus breaks which was broken so. */
export async function violatedBy(breakIt: (database: TestDatabase, cutter: CommitCutter) => Promise<void>): Promise<string[]> {
  const cutter = await startCommitCutter(inject("testServers").postgresPort);
  let campus: Campus | undefined;
  try {
    campus = await startCampus({
      env: (database) => ({ DATABASE_URL: `postgres://campus_app@127.0.0.1:${cutter.port}/${database.name}`, LOG_LEVEL: "silent" }),
    });
    await breakIt(campus.database, cutter);
    return await runWorkload(campus, cutter, seed);
  } finally {
    await campus?.end();
    await cutter.stop();
  }
}
