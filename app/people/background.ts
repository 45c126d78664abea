import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import type { Topics } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { sweepErasedJob } from "./erase-student.ts";
import { importStudents } from "./import-students.ts";
import { importTopic } from "./student-import.ts";

const timeoutMs = 10_000;
const maxTries = 3;

export const peopleTopics = (platform: Platform): Topics => ({
  [importTopic]: {
    timeoutMs,
    maxTries,
    lane: "background",
    deliver: ({ payload }, signal) => importStudents(platform, String(payload.import_id), signal),
    // A file that could not be worked on is thrown away like one that could: nobody's data wait in a queue.
    onGivenUp: ({ payload }) =>
      platform.db.run(sql`
        update student_imports set status = 'failed', content = null, finished_at = clock_timestamp()
        where id = ${String(payload.import_id)} and finished_at is null`),
  },
});

export const peopleJobs: readonly Job[] = [sweepErasedJob];
