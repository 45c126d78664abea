import path from "node:path";
import { Worker } from "node:worker_threads";
import { unavailable } from "../platform/errors.ts";
import type { PasswordAnswer, PasswordTask } from "./password-worker.ts";

export const passwordCost = 10;
// At 60 ms each the last in the queue waits about 4 s, below the request's own time-out. Some places are kept for browsers that
// have logged in before: a flood of guesses fills the others.
const maxWaiting = 64;
const keptForKnown = 16;
const firstGuessMs = 60;
const weightOfNewest = 0.2;
// A slow minute must not make every guess at an invented name hold a request until its time-out.
const longestTypicalMs = 1_000;

/** Hashes passwords on a thread that is started with the first one. */
export interface Passwords {
  /** Throws where the queue has no place. Asked before a try is counted. */
  refuseIfFull(isKnown: boolean): void;
  /** How long a proof takes of late, queue included, a second at most: an unknown name waits as long and costs nothing. */
  typicalMs(): number;
  hash(password: string): Promise<string>;
  verify(password: string, hash: string): Promise<boolean>;
  end(): void;
}

interface Waiting {
  readonly resolve: (result: boolean | string) => void;
  readonly reject: (error: Error) => void;
}

export function createPasswords(): Passwords {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let nextId = 0;
  let typicalMs = firstGuessMs;

  const stop = (error: Error) => {
    void worker?.terminate();
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const start = (): Worker => {
    // Beside this file in the sources, and beside the bundle in the artifact.
    const started = new Worker(new URL(`./password-worker${path.extname(import.meta.filename)}`, import.meta.url));
    started.unref();
    started.on("message", ({ id, result }: PasswordAnswer) => {
      waiting.get(id)?.resolve(result);
      waiting.delete(id);
    });
    started.on("error", (error: Error) => stop(error));
    return started;
  };
  const refuseIfFull = (isKnown: boolean) => {
    if (waiting.size >= maxWaiting + (isKnown ? keptForKnown : 0)) throw unavailable("Too many people are logging in at the moment.");
  };
  const ask = <T extends boolean | string>(task: (id: number) => PasswordTask): Promise<T> => {
    refuseIfFull(true);
    worker ??= start();
    nextId += 1;
    const answer = new Promise<boolean | string>((resolve, reject) => waiting.set(nextId, { resolve, reject }));
    worker.postMessage(task(nextId));
    return answer as Promise<T>;
  };

  const timed = async (proof: Promise<boolean>): Promise<boolean> => {
    const startedAtMs = performance.now();
    const matches = await proof;
    typicalMs += weightOfNewest * (performance.now() - startedAtMs - typicalMs);
    return matches;
  };

  return {
    refuseIfFull,
    typicalMs: () => Math.min(typicalMs, longestTypicalMs),
    hash: async (password) => ask<string>((id) => ({ id, cost: passwordCost, password })),
    verify: async (password, hash) => timed(ask<boolean>((id) => ({ id, hash, password }))),
    end: () => stop(new Error("The process is stopping.")),
  };
}
