import { objectives } from "../../../dashboards/slo.ts";

// What each action is promised to take at the 95th percentile. HEADROOM multiplies the times: on a shared machine the
// promise is checked with three times its length, in the real place with none.
const headroom = Number(__ENV.HEADROOM || "1");

const p95 = (limitMs: number) => [`p(95)<${limitMs * headroom}`];

/** Holds for every run: nothing was left out, the ledger was asked and held. */
const always = {
  dropped_iterations: ["count==0"],
  checks: ["rate==1"],
  ledger_balanced: ["count==1"],
};

/** And where nothing is broken, nothing fails. */
export const everyRun = { ...always, http_req_failed: ["rate==0"] };

/** Where something is broken: this share of answers may say so (or be none), and every payment is made all the same. */
export const everyFault = (answersBad: number) => ({ ...always, answers_bad: [`rate<=${answersBad}`] });

/** And where more come than can be served at once: so many may be told to come back as the promise leaves room for. */
export const everyStorm = everyFault((1 - objectives.other.target) * headroom);

export const promisedTimes = {
  "http_req_duration{name:scan}": p95(objectives.scan.p95Ms),
  "http_req_duration{name:confirm}": p95(objectives.confirm.p95Ms),
  "http_req_duration{name:order}": p95(objectives.other.withinMs),
  "http_req_duration{name:open charges}": p95(objectives.other.withinMs),
};

export const promisedReads = { "http_req_duration{name:menu}": p95(objectives.read.withinMs) };

/** The climb ends where the promise breaks: that it breaks is no failure. */
export const kneeTimes = {
  "http_req_duration{name:confirm,scenario:climb}": [
    { threshold: p95(objectives.confirm.p95Ms)[0] ?? "", abortOnFail: true, delayAbortEval: "5s" },
  ],
};
