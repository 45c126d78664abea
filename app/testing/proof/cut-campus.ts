import { inject } from "vitest";
import { type Campus, startCampus } from "../campus.ts";
import { type CommitCutter, startCommitCutter } from "./commit-cutter.ts";

/** A campus with a wire before its database that can be cut at a statement. Its end is the wire's too. */
export async function startCutCampus(
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly campus: Campus; readonly cutter: CommitCutter }> {
  const cutter = await startCommitCutter(inject("testServers").postgresPort);
  try {
    const campus = await startCampus({
      env: ({ name }) => ({ DATABASE_URL: `postgres://campus_app@127.0.0.1:${cutter.port}/${name}`, ...env }),
    });
    const end = async () => {
      await campus.end();
      await cutter.stop();
    };
    return { campus: { ...campus, end }, cutter };
  } catch (error) {
    await cutter.stop();
    throw error;
  }
}
