// What each action is promised to take at the 95th percentile. HEADROOM multiplies the times: on a shared machine the
// promise is checked with three times its length, in the real place with none.
const headroom = Number(__ENV.HEADROOM || "1");
const scanMs = 300;
const confirmMs = 400;
const otherMs = 2_000;

const p95 = (limitMs: number) => [`p(95)<${limitMs * headroom}`];

/** Holds for every run: nothing failed, nothing was left out, the ledger was asked and held. */
export const everyRun = {
  http_req_failed: ["rate==0"],
  dropped_iterations: ["count==0"],
  checks: ["rate==1"],
  ledger_balanced: ["count==1"],
};

export const promisedTimes = {
  "http_req_duration{name:scan}": p95(scanMs),
  "http_req_duration{name:confirm}": p95(confirmMs),
  "http_req_duration{name:order}": p95(otherMs),
  "http_req_duration{name:open charges}": p95(otherMs),
};
