import { oldPhoneTopics } from "../notifications/notices/tell-old-phone.ts";
import { noticeTopics } from "../notifications/notices/tell-student.ts";
import { openSmsSender } from "../notifications/sms/open-sms-sender.ts";
import type { Platform } from "../platform/context.ts";
import { type Job, purgeJob } from "../platform/jobs.ts";
import type { Topics } from "../platform/outbox.ts";
import { part, sql } from "../platform/postgres.ts";
import { otpSmsTopic } from "./otp-sms.ts";
import { stepUpSmsTopic } from "./step-up-sms.ts";

/** What identity leaves in the outbox for the worker. */
export async function identityTopics(platform: Platform): Promise<Topics> {
  const sms = openSmsSender(platform);
  return {
    "sms.otp": otpSmsTopic(platform, sms),
    "sms.step_up": stepUpSmsTopic(platform, sms),
    ...noticeTopics(platform, sms),
    ...oldPhoneTopics(platform, sms),
  };
}

const everySeconds = 300;

const sessionBatch = 1_000;

/** A session whose last refresh token has ended, and whose last access token therefore has too: it is kept for two days more. */
const purgeSessionsJob: Job = {
  name: "purge-sessions",
  everySeconds: 3_600,
  worker: "long",
  run: async (tx) => {
    const deleted = await tx.run(sql`
      delete from sessions where id in (
        select id from sessions s where s.id < uuid_from(now() - interval '2 days') and not exists (select from refresh_tokens t where t.session_id = s.id)
          and (s.revoked_at is null or s.revoked_at < now() - interval '2 days')
        order by id limit ${sessionBatch})`);
    return deleted === sessionBatch ? "more" : undefined;
  },
};

export const identityJobs = (): readonly Job[] => [
  purgeJob({ name: "purge-otps", everySeconds, table: part`otps`, key: part`id`, writtenAt: part`created_at`, kept: "1 day" }),
  purgeJob({ name: "purge-step-ups", everySeconds, table: part`step_ups`, key: part`id`, writtenAt: part`created_at`, kept: "1 day" }),
  purgeJob({
    name: "purge-refresh-tokens",
    everySeconds,
    table: part`refresh_tokens`,
    key: part`token_hash`,
    writtenAt: part`expires_at`,
    kept: "0",
  }),
  purgeSessionsJob,
  purgeJob({
    name: "purge-login-failures",
    everySeconds,
    table: part`login_failures`,
    key: part`username_hash`,
    writtenAt: part`last_at`,
    kept: "1 day",
  }),
  purgeJob({
    name: "purge-passkey-challenges",
    everySeconds,
    table: part`passkey_challenges`,
    key: part`id`,
    writtenAt: part`expires_at`,
    kept: "0",
  }),
];
