import { unavailable } from "../platform/errors.ts";

const atOnce = 2;
const maxWaiting = 20;

/**
 * Reports share the pool of connections with payments, and a year's takes seconds: so few at once that a payment always
 * finds a connection. The others wait, in order.
 */
export function createReportQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < atOnce) running += 1;
    else if (waiting.length < maxWaiting) await new Promise<void>((begin) => waiting.push(begin));
    else throw unavailable("Many reports are being made at the moment: ask again in a few seconds.", undefined, 5);
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
