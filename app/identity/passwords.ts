import path from "node:path";
import { Worker } from "node:worker_threads";
import { unavailable } from "../platform/errors.ts";
import type { PasswordTask } from "./password-worker.ts";

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
  /** `isKnown`: from a browser that has logged in before, which waits behind no stranger. */
  verify(password: string, hash: string, isKnown?: boolean): Promise<boolean>;
  end(): void;
}

interface Waiting {
  readonly task: PasswordTask;
  readonly resolve: (result: boolean | string) => void;
  readonly reject: (error: Error) => void;
}

export function createPasswords(): Passwords {
  const known: Waiting[] = [];
  const strangers: Waiting[] = [];
  let proving: Waiting | undefined;
  let worker: Worker | undefined;
  let typicalMs = firstGuessMs;

  const stop = (error: Error) => {
    void worker?.terminate();
    worker = undefined;
    for (const { reject } of [...(proving ? [proving] : []), ...known.splice(0), ...strangers.splice(0)]) reject(error);
    proving = undefined;
  };
  const start = (): Worker => {
    // Beside this file in the sources, and beside the bundle in the artifact.
    const started = new Worker(new URL(`./password-worker${path.extname(import.meta.filename)}`, import.meta.url));
    started.unref();
    started.on("message", (result: boolean | string) => {
      proving?.resolve(result);
      proving = undefined;
      proveNext();
    });
    started.on("error", (error: Error) => stop(error));
    return started;
  };
  const proveNext = () => {
    if (proving) return;
    proving = known.shift() ?? strangers.shift();
    if (!proving) return;
    worker ??= start();
    worker.postMessage(proving.task);
  };
  const refuseIfFull = (isKnown: boolean) => {
    const waiting = known.length + strangers.length + (proving ? 1 : 0);
    if (waiting >= maxWaiting + (isKnown ? keptForKnown : 0)) throw unavailable("Too many people are logging in at the moment.");
  };
  const ask = <T extends boolean | string>(task: PasswordTask, queue: Waiting[]): Promise<T> => {
    refuseIfFull(true);
    const answer = new Promise<boolean | string>((resolve, reject) => queue.push({ task, resolve, reject }));
    proveNext();
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
    hash: async (password) => ask<string>({ cost: passwordCost, password }, strangers),
    verify: async (password, hash, isKnown = false) => timed(ask<boolean>({ hash, password }, isKnown ? known : strangers)),
    end: () => stop(new Error("The process is stopping.")),
  };
}
