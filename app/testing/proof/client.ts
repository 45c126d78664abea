import { setTimeout as pause } from "node:timers/promises";
import type { ApiAnswer } from "../api-client.ts";
import { type ClientLog, type Heard, isOpen, type Verb } from "./history.ts";

/** One request of a client: what is sent, under which key, and how to send it. */
export interface Request<Body> {
  readonly verb: Verb;
  readonly key: string;
  readonly sent: string;
  send(process: 0 | 1): Promise<ApiAnswer<Body>>;
}

export interface Told<Body> {
  readonly heard: Heard;
  readonly status: number | undefined;
  readonly body: Body | undefined;
}

const retryPauseMs = 40;
const settleWithinMs = 30_000;

/** Sends once and notes what was heard, also when that is nothing. */
export async function ask<Body>(log: ClientLog, request: Request<Body>, process: 0 | 1): Promise<Told<Body>> {
  const { verb, key, sent } = request;
  const sentAtMs = performance.now();
  const answer = await request.send(process).catch(() => undefined);
  const heard: Heard = {
    verb,
    key,
    sent,
    sentAtMs,
    heardAtMs: performance.now(),
    status: answer?.status,
    code: (answer?.body as { error?: { code?: string } } | undefined)?.error?.code,
    isRetryAsked: answer?.headers.has("retry-after") ?? false,
    text: answer?.text ?? "",
  };
  log.record(heard);
  return { heard, status: answer?.status, body: answer?.body };
}

/** Asks at one process and then the other until the answer is definite, as a client should. */
export async function askUntilDefinite<Body>(log: ClientLog, request: Request<Body>, first: 0 | 1): Promise<Told<Body>> {
  const endsAtMs = performance.now() + settleWithinMs;
  for (let turn = 0; ; turn += 1) {
    const told = await ask(log, request, ((first + turn) % 2) as 0 | 1);
    if (!isOpen(told.heard) || told.status === 429) return told;
    if (performance.now() > endsAtMs) throw new Error(`${request.verb} ${request.key} had no definite answer within ${settleWithinMs} ms.`);
    await pause(retryPauseMs);
  }
}
