import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import type { Topics } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { type CheckName, checkNames } from "./check.ts";
import { runCheck } from "./run-check.ts";

// A check reads for up to minutes: not in the transaction of a job, whose id every reader of live events would wait for.
const timeoutMs = 400_000;
const maxTries = 2;

export const checkTopics = (platform: Platform): Topics => ({
  "books.check": {
    timeoutMs,
    maxTries,
    lane: "background",
    deliver: ({ payload }) => {
      const name = checkNames.find((one) => one === payload.name);
      if (!name) throw new Error(`No check is called ${String(payload.name)}.`);
      return runCheck(platform, name);
    },
  },
});

const ask = (name: CheckName, everySeconds: number): Job => ({
  name: `check-${name.replace("_", "-")}`,
  everySeconds,
  worker: "long",
  run: (tx) =>
    tx.run(sql`
    insert into outbox (topic, payload) select 'books.check', ${JSON.stringify({ name })}::jsonb
    where not exists (select from outbox where topic = 'books.check' and payload ->> 'name' = ${name} and done_at is null and dead_at is null)`),
});

/** At night, between two and five by the campus's clock; each hour while it is not well, and once where none was made for over a day. */
const askAtNight = ({ config }: Platform, name: CheckName): Job => ({
  name: `check-${name.replace("_", "-")}`,
  everySeconds: 3_600,
  worker: "long",
  run: (tx) =>
    tx.run(sql`
    insert into outbox (topic, payload) select 'books.check', ${JSON.stringify({ name })}::jsonb
    from (values (1)) one (row) left join checks c on c.name = ${name}
    where (c.name is null or not c.ok or c.checked_at < now() - interval '26 hours'
        or (extract(hour from now() at time zone ${config.CAMPUS_TIME_ZONE}) between 2 and 4 and c.checked_at < now() - interval '4 hours'))
      and not exists (select from outbox where topic = 'books.check' and payload ->> 'name' = ${name} and done_at is null and dead_at is null)`),
});

export const checkJobs = (platform: Platform): readonly Job[] => [
  ask("ledger_recent", 300),
  ask("dead_letters", 300),
  ask("reconciliation", 3_600),
  askAtNight(platform, "ledger_whole"),
  askAtNight(platform, "anchors"),
];
