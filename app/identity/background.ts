import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import type { Topics } from "../platform/outbox.ts";
import { purge } from "../platform/purge.ts";
import { otpSmsTopic } from "./otp-sms.ts";

/** What identity leaves in the outbox for the worker. */
export async function identityTopics(platform: Platform): Promise<Topics> {
  return { "sms.otp": otpSmsTopic(platform) };
}

export const identityJobs = (): readonly Job[] => [{ name: "purge", everySeconds: 300, run: purge }];
