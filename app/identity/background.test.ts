import { afterAll, beforeAll, expect, test } from "vitest";
import { liveJobs } from "../live/background.ts";
import { registerJobs, runDueJobs } from "../platform/jobs.ts";
import { platformPurges } from "../platform/purge.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { identityJobs } from "./background.ts";

const purges = [...platformPurges, ...identityJobs(), ...liveJobs];

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
  await registerJobs(campus.worker, purges);
});
afterAll(() => campus.end());

async function runJobs(): Promise<void> {
  await campus.sql`update timed_jobs set due_at = now()`;
  const faults: unknown[] = [];
  await runDueJobs(campus.worker, purges, (error) => void faults.push(error));
  expect(faults).toEqual([]);
}

test("what is over is forgotten by rule, and what is not stays", async () => {
  const { sessionId } = await campus.student();
  await campus.sql`insert into otps (phone, code_hash, created_at, expires_at) values
    ('+46700000901', '\\x00', now() - interval '25 hours', now()), ('+46700000902', '\\x00', now() - interval '23 hours', now())`;
  await campus.sql`insert into refresh_tokens (token_hash, session_id, expires_at) values
    ('\\x01', ${sessionId}, now() - interval '1 minute'), ('\\x02', ${sessionId}, now() + interval '1 minute')`;
  await campus.sql`insert into login_failures (username_hash, last_at) values
    ('\\x01', now() - interval '25 hours'), ('\\x02', now() - interval '23 hours')`;
  await campus.sql`insert into idempotency_answers (principal, route, key, body_hash, status, body, expires_at) values
    ('p', 'r', 'over', '', 200, '', now() - interval '1 minute'), ('p', 'r', 'live', '', 200, '', now() + interval '1 minute'),
    ('p', 'r', 'money', '', 200, '', null)`;
  await campus.sql`insert into outbox (topic, payload, done_at, dead_at) values
    ('old', '{}', now() - interval '8 days', null), ('new', '{}', now() - interval '6 days', null), ('dead', '{}', null, now() - interval '30 days')`;
  await campus.sql`insert into events (channels, event, data, at) values
    ('{c}', 'old', '{}', now() - interval '4 days'), ('{c}', 'new', '{}', now() - interval '2 days')`;

  await runJobs();

  const [left] = await campus.sql`select
    (select array_agg(phone) from otps) as phones,
    (select array_agg(token_hash::text) from refresh_tokens) as tokens,
    (select array_agg(username_hash::text) from login_failures) as failures,
    (select array_agg(key order by key) from idempotency_answers) as answers,
    (select array_agg(topic order by topic) from outbox) as outbox,
    (select array_agg(event) from events) as events`;
  expect(left).toEqual({
    phones: ["+46700000902"],
    tokens: ["\\x02"],
    failures: ["\\x02"],
    answers: ["live", "money"],
    outbox: ["dead", "new"],
    events: ["new"],
  });
});

test("a session is forgotten two days after nobody can use it any more", async () => {
  const { id } = await campus.student();
  const session = async (days: number, revokedDaysAgo: number | null, hasToken: boolean) => {
    const [made] = await campus.sql<{ id: string }>`
      insert into sessions (id, student_id, revoked_at, revoked_because)
      select uuid_from(now() - make_interval(days => ${days})), ${id}, now() - make_interval(days => r), case when r is not null then 'logout' end
      from (values (${revokedDaysAgo}::integer)) x (r) returning id`;
    if (hasToken)
      await campus.sql`insert into refresh_tokens (token_hash, session_id, expires_at) values (uuid_send(${made?.id ?? ""}), ${made?.id ?? ""}, now() + interval '1 day')`;
    return made?.id;
  };
  const [inUse, young, justEnded] = [await session(400, null, true), await session(1, null, false), await session(5, 1, false)];
  for (const [days, revokedDaysAgo] of [
    [3, null],
    [4, 3],
  ] as const)
    await session(days, revokedDaysAgo, false);
  await runJobs();
  const left = await campus.sql<{
    id: string;
  }>`select id from sessions where student_id = ${id} and id < uuid_from(now() - interval '1 hour') order by id`;
  expect(left.map((row) => row.id)).toEqual([inUse, justEnded, young]);
});

test("a purge of more than one batch forgets them all", async () => {
  await campus.sql`insert into otps (phone, code_hash, created_at, expires_at)
    select '+4670' || (1000000 + n)::text, '\\x00', now() - interval '2 days', now() from generate_series(1, 2500) n`;
  await runJobs();
  expect(await campus.sql`select count(*)::int from otps where created_at < now() - interval '1 day'`).toEqual([{ count: 0 }]);
});
