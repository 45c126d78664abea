import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import type { Topics } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { sweepErasedJob } from "./erase-student.ts";
import { importStudents } from "./import-students.ts";
import { importTopic } from "./student-import.ts";

const timeoutMs = 10_000;
const maxTries = 3;

/** A file that could not be worked on is thrown away like one that could: nobody's data wait in a queue. */
export const peopleTopics = (platform: Platform): Topics => ({
  [importTopic]: {
    timeoutMs,
    maxTries,
    lane: "background",
    deliver: async ({ payload, tries }, signal) => {
      const importId = String(payload.import_id);
      await importStudents(platform, importId, signal).catch(async (error: unknown) => {
        if (tries >= maxTries)
          await platform.db.run(sql`
            update student_imports set status = 'failed', content = null, finished_at = clock_timestamp()
            where id = ${importId} and finished_at is null`);
        throw error;
      });
    },
  },
});

export const peopleJobs: readonly Job[] = [sweepErasedJob];
