import { unavailable } from "../platform/errors.ts";

const atOnce = 2;
const maxWaiting = 20;
/** Of these from one café, so that nobody else waits behind all of its reports; two more of it may be in the making. */
const maxWaitingOfOne = 2;

/**
 * Reports share the pool of connections with payments, and a year's takes seconds: so few at once that a payment always
 * finds a connection. The others wait, in order.
 */
export function createReportQueue(): <T>(cafeId: string, work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: { readonly cafeId: string; readonly begin: () => void }[] = [];
  const mayWait = (cafeId: string) =>
    waiting.length < maxWaiting && waiting.filter((each) => each.cafeId === cafeId).length < maxWaitingOfOne;
  return async (cafeId, work) => {
    if (running < atOnce) running += 1;
    else if (mayWait(cafeId)) await new Promise<void>((begin) => waiting.push({ cafeId, begin }));
    else throw unavailable("Many reports are being made at the moment: ask again in a few seconds.", undefined, 5);
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next.begin();
      else running -= 1;
    }
  };
}
