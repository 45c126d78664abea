import { firstApiPort } from "./nginx.ts";

export const apiUnits = (processes: number): readonly string[] =>
  Array.from({ length: processes }, (_, index) => `campus-pay-api@${index + 1}.service`);

export const apiUrls = (processes: number): readonly string[] =>
  Array.from({ length: processes }, (_, index) => `http://127.0.0.1:${firstApiPort + index}`);

export const workerUnits = ["campus-pay-worker.service", "campus-pay-worker-long.service"] as const;
export const nginxUnit = "campus-pay-nginx.service";

/** So long a process that is told to end may take for what it has begun. */
export const drainSeconds = 35;
