import { parseConfig } from "../platform/config.ts";
import { openPlatform } from "../platform/context.ts";
import { registerJobs, runDueJobs } from "../platform/jobs.ts";
import { sql } from "../platform/postgres.ts";

// A worker with a job that ends the process, as one does that takes all memory, before one that could be done.
const platform = await openPlatform(parseConfig(process.env), { process: "worker" });
const jobs = [
  { name: "a-dies", everySeconds: 60, run: async () => void process.kill(process.pid, "SIGKILL") },
  {
    name: "b-lives",
    everySeconds: 60,
    run: (tx: Parameters<Parameters<typeof platform.db.transaction>[0]>[0]) =>
      tx.run(sql`insert into audit_log (actor_kind, action, object_kind) values ('job', 'lived', 'test')`).then(() => undefined),
  },
];
await registerJobs(platform, jobs);
await runDueJobs(platform, jobs, () => undefined);
