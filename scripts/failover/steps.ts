import { PlainError } from "../../app/local/plain-error.ts";
import { compareWithOld } from "../failover-compare.ts";
import { type Crossing, currentEpoch, keepCrossing, readCrossing, tellEpoch } from "./crossing.ts";
import { findDatabase, follows, promote } from "./database.ts";
import { scaleUp, wantedSize } from "./fleet.ts";
import { lostLines, readLoss, rpoLine } from "./loss.ts";
import { untilAtRest, untilServes } from "./public.ts";
import type { Sides } from "./sides.ts";
import { logIn } from "./staff-api.ts";
import { switchUsers } from "./switch.ts";
import { minutes } from "./wait.ts";

export interface Wanted {
  readonly isPlanned: boolean;
  /** Undefined: when the command began. */
  readonly lostAt?: string;
  readonly url: string;
}

type Say = (line: string) => void;

interface Step {
  readonly name: string;
  readonly says: string;
  readonly run: (say: Say) => Promise<void>;
}

/** The one that was begun and not ended, else a new one; undefined where the region writes already. Nothing is changed here. */
export async function nextCrossing(sides: Sides, { isPlanned, lostAt }: Wanted): Promise<Crossing | undefined> {
  const { from, to } = sides;
  const [begun, { epoch, writer }] = await Promise.all([readCrossing(to), currentEpoch(sides)]);
  // One that others have overtaken since is over, however far it came.
  if (begun && begun.done.serves === undefined && begun.epoch >= epoch) return begun;
  if (writer === to.region) return undefined;
  return { from: from.region, to: to.region, epoch: epoch + 1, isPlanned, lostAt: lostAt ?? new Date().toISOString(), done: {} };
}

const stepsOf = (sides: Sides, { epoch, isPlanned }: Crossing, { url }: Wanted): readonly Step[] => {
  const { from, to } = sides;
  const { min } = wantedSize(sides);
  return [
    {
      name: "fenced",
      says: `epoch ${epoch}: ${to.region} writes, ${from.region} no longer`,
      run: (say) => fence(sides, epoch, isPlanned, say),
    },
    ...(isPlanned
      ? [
          {
            name: "at rest",
            says: `${from.region} takes no payment, and its copy has all of it`,
            run: (say: Say) => untilAtRest(url, from.region, say),
          },
        ]
      : []),
    { name: "promoted", says: `the copy ${to.database} becomes the writer: one way`, run: (say) => promote(to, say) },
    { name: "scaled", says: `${min} machines serve there`, run: (say) => scaleUp(sides, say) },
    { name: "switched", says: `Route 53 sends users to ${to.region}`, run: () => switchUsers(sides) },
    { name: "serves", says: `${url} debits there`, run: (say) => untilServes(url, to.region, say) },
  ];
};

async function fence(sides: Sides, epoch: number, isPlanned: boolean, say: Say): Promise<void> {
  const { from, to } = sides;
  const told = { epoch, writer: to.region };
  if (isPlanned && !(await tellEpoch(from, told)))
    throw new PlainError(`${from.region} does not take the new epoch: it cannot be crossed as planned.`);
  if (!(await tellEpoch(to, told)))
    throw new PlainError(`${to.region} does not take the new epoch: nothing was changed. Look at your keys, and run it again.`);
  if (isPlanned) return;
  const isTold = await tellEpoch(from, told);
  say(
    isTold
      ? `    ${from.region} heard it too: its machines only read within ten seconds`
      : `    ${from.region} does not answer: its machines only read when they reach ${to.region} again`,
  );
}

export const planOf = async (sides: Sides, crossing: Crossing, wanted: Wanted): Promise<readonly string[]> => {
  const { from, to, environment } = sides;
  const database = await findDatabase(to, to.database);
  const copy = database ? (follows(database) ? "a copy" : "a writer") : "not there";
  return [
    `${environment.name}: from ${from.region} to ${to.region}${crossing.isPlanned ? ", as planned: nothing is lost" : ". What the copy does not have yet is lost until its receipts come back"}`,
    `  ${to.database} is ${copy}, ${database?.DBInstanceStatus ?? "unknown"}; the recovery time counts from ${crossing.lostAt}`,
    ...stepsOf(sides, crossing, wanted).map(({ name, says }, at) => {
      const doneAt = crossing.done[name];
      return `  ${at + 1}. ${says}${doneAt ? ` (done at ${doneAt})` : ""}`;
    }),
  ];
};

/** Each step once, kept when it is done; run again it goes on behind the last one. */
export async function cross(sides: Sides, begun: Crossing, wanted: Wanted, say: Say): Promise<Crossing> {
  let crossing = begun;
  await keepCrossing(sides.to, crossing);
  const steps = stepsOf(sides, crossing, wanted);
  for (const [at, { name, says, run }] of steps.entries()) {
    const label = `${at + 1}/${steps.length} ${says}`;
    if (crossing.done[name] !== undefined) {
      say(`${label}: done before`);
      continue;
    }
    say(label);
    const startedAt = performance.now();
    await run(say);
    crossing = { ...crossing, done: { ...crossing.done, [name]: new Date().toISOString() } };
    await keepCrossing(sides.to, crossing);
    say(`    ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  }
  return crossing;
}

/** How long nobody could pay, and, of a region that was lost, what is missing; the second needs a finance login. */
export async function report({ lostAt, done, to, isPlanned }: Crossing, { url }: Wanted, say: Say): Promise<void> {
  const { serves = "" } = done;
  say(`RTO ${minutes(Date.parse(serves) - Date.parse(lostAt))}: from ${lostAt} to ${serves}, when ${url} debited in ${to}`);
  // The copy had all of it before anything was switched.
  if (isPlanned) return;
  if (!process.env.CAMPUS_USERNAME) {
    say("RPO and lost receipts: run this again with a finance login in CAMPUS_USERNAME and CAMPUS_PASSWORD (docs/failover.md)");
    return;
  }
  const api = await logIn(url);
  if (process.env.OLD_DATABASE_URL) say(await compareWithOld(api, comparedHours));
  const loss = await readLoss(api);
  say(rpoLine(loss, lostAt));
  for (const line of lostLines(loss)) say(line);
}

const comparedHours = 24;
