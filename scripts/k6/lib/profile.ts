/** How hard and how long; `npm run load -- --profile NAME` sets both. */
export const scansASecond = Number(__ENV.RATE || "5");
export const seconds = Number(__ENV.SECONDS || "15");

/** Arrivals that come whatever became of the earlier ones. `patience` seconds of them may be under way at once. */
export const arrivals = (rate: number, forSeconds: number, patience = 4) => ({
  executor: "constant-arrival-rate" as const,
  rate,
  timeUnit: "1s",
  duration: `${forSeconds}s`,
  preAllocatedVUs: Math.ceil(rate * patience),
  maxVUs: Math.ceil(rate * patience * 2),
});
