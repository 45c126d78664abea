import type { Platform } from "../platform/context.ts";
import { type Job, purgeJob } from "../platform/jobs.ts";
import type { Topics } from "../platform/outbox.ts";
import { part } from "../platform/postgres.ts";
import { otpSmsTopic } from "./otp-sms.ts";

/** What identity leaves in the outbox for the worker. */
export async function identityTopics(platform: Platform): Promise<Topics> {
  return { "sms.otp": otpSmsTopic(platform) };
}

const everySeconds = 300;

export const identityJobs = (): readonly Job[] => [
  purgeJob({ name: "purge-otps", everySeconds, table: part`otps`, key: part`id`, writtenAt: part`created_at`, kept: "1 day" }),
  purgeJob({
    name: "purge-refresh-tokens",
    everySeconds,
    table: part`refresh_tokens`,
    key: part`token_hash`,
    writtenAt: part`expires_at`,
    kept: "0",
  }),
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
