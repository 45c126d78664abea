import { randomUUID } from "node:crypto";
import type { Config } from "./config.ts";
import type { Logger } from "./log.ts";

export type ReportError = (error: unknown, context: { readonly requestId?: string; readonly job?: string }) => void;

const timeoutMs = 2_000;

/**
 * Error tracking by option. Only the type, the stack's frames and the request id leave the house: a message may quote
 * a person's data. Sentry's envelope format is one POST, so no SDK is loaded for it.
 */
export function createErrorReporter(
  config: Pick<Config, "SENTRY_DSN" | "CAMPUS_ENV" | "CAMPUS_VERSION" | "CAMPUS_REGION">,
  log: Pick<Logger, "warn">,
): ReportError {
  if (config.SENTRY_DSN === undefined) return () => undefined;
  const dsn = new URL(config.SENTRY_DSN);
  const url = `${dsn.origin}/api${dsn.pathname.replace(/\/?([^/]+)$/, "/$1/envelope/")}`;
  const auth = `Sentry sentry_version=7, sentry_key=${dsn.username}, sentry_client=campus-pay/1`;
  return (error, context) => {
    const eventId = randomUUID().replaceAll("-", "");
    const event = {
      event_id: eventId,
      timestamp: Date.now() / 1000,
      platform: "node",
      level: "error",
      environment: config.CAMPUS_ENV,
      release: config.CAMPUS_VERSION,
      tags: { region: config.CAMPUS_REGION, ...context },
      exception: {
        values: [
          {
            type: error instanceof Error ? error.constructor.name : typeof error,
            value: "[masked]",
            stacktrace: { frames: frames(error) },
          },
        ],
      },
    };
    const body = [{ event_id: eventId, sent_at: new Date().toISOString() }, { type: "event" }, event]
      .map((item) => JSON.stringify(item))
      .join("\n");
    fetch(url, {
      method: "POST",
      headers: { "X-Sentry-Auth": auth, "Content-Type": "application/x-sentry-envelope" },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => log.warn({ err: cause }, "The error report was not taken"));
  };
}

function frames(error: unknown): { function: string; filename: string; lineno: number }[] {
  const lines = error instanceof Error ? (error.stack ?? "").split("\n") : [];
  const found = lines.flatMap((line) => {
    const match = /^\s+at (?:(.+?) \()?(.+?):(\d+):\d+\)?$/.exec(line);
    return match ? [{ function: match[1] ?? "?", filename: match[2] ?? "?", lineno: Number(match[3]) }] : [];
  });
  return found.reverse();
}
