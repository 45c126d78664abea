import type { Platform } from "../platform/context.ts";
import { eventsChannel } from "./announce.ts";
import { type Cursor, isAfter } from "./cursor.ts";
import { createListeners, type Listener, type Listeners, type Subscriber, startAgain } from "./listeners.ts";
import { findBoundary, readEvents, replayEvents } from "./read-events.ts";
import { createWakeSignal } from "./wake-signal.ts";

/** One for each process: follows the events table and hands each event to those who listen to one of its channels. */
export interface EventReader {
  /** Replays what is behind `after`, then goes on live: each event once, in order. Resolves, with the way to stop, when the replay is done. */
  subscribe(subscriber: Subscriber): Promise<() => void>;
  /** Everything up to here was handed out: a client that has heard nothing resumes from it. */
  position(): Cursor | undefined;
  stop(): void;
}

/** A publish can be lost, so the table is looked at this often in any case. */
const pollMs = 1_000;
const faultPauseMs = 500;
// Coalesces the wakes of a busy moment: at most 200 reads a second, whatever is published.
const readGapMs = 5;
// An event waits for an older transaction that still runs; nobody wakes us when that one ends without an event of its own.
const firstWaitMs = 10;
const longestWaitMs = 100;

/** It follows while somebody listens; everything up to its position was handed out. */
type State =
  | { readonly is: "resting" }
  | { readonly is: "starting"; readonly started: Promise<void> }
  | { readonly is: "following"; readonly position: Cursor }
  | { readonly is: "stopped" };

const next: Readonly<Record<State["is"], readonly State["is"][]>> = {
  resting: ["starting", "stopped"],
  starting: ["following", "resting", "stopped"],
  following: ["following", "resting", "stopped"],
  stopped: ["stopped"],
};

export function openEventReader(platform: Platform): EventReader {
  const { cache, db, log } = platform;
  const listeners = createListeners(platform);
  const signal = createWakeSignal();
  const unsubscribe = cache.subscribe(eventsChannel, signal.wake);
  let subscriberCount = 0;
  let state: State = { is: "resting" };

  const become = (to: State) => {
    if (!next[state.is].includes(to.is)) throw new Error(`The event reader is ${state.is}: it cannot be ${to.is} next.`);
    state = to;
  };
  const isNow = (is: State["is"]) => state.is === is;
  const position = () => (state.is === "following" ? state.position : undefined);

  const readOnce = async (from: Cursor): Promise<"more" | "waiting" | "idle"> => {
    const { events, boundary, isMore, heldMs } = await readEvents(db, from);
    // Only a server with another history is behind us: a replica that took over without the last transactions.
    if (boundary < from.xid) listeners.startAgain({ xid: boundary, id: 0 });
    if (isNow("following")) become({ is: "following", position: isMore ? (events.at(-1)?.cursor ?? from) : { xid: boundary, id: 0 } });
    for (const event of events) listeners.dispatch(event);
    if (heldMs !== undefined) listeners.countHeld(heldMs);
    return isMore ? "more" : heldMs === undefined ? "idle" : "waiting";
  };

  const follow = async () => {
    let waitMs = firstWaitMs;
    for (let from = position(); from && subscriberCount > 0; from = position()) {
      const outcome = await readOnce(from).catch((error: unknown) => {
        log.warn({ err: error }, "The live events could not be read; trying again");
        return "fault" as const;
      });
      waitMs = outcome === "waiting" ? Math.min(waitMs * 2, longestWaitMs) : firstWaitMs;
      if (outcome !== "more") await pause(outcome === "fault" ? faultPauseMs : readGapMs);
      if (outcome === "waiting") await signal.wait(waitMs);
      if (outcome === "idle") await signal.wait(pollMs);
    }
    if (isNow("following")) become({ is: "resting" });
  };

  const start = async () => {
    try {
      const boundary = await findBoundary(db);
      if (isNow("stopped")) return;
      become({ is: "following", position: { xid: boundary, id: 0 } });
    } catch (error) {
      if (isNow("starting")) become({ is: "resting" });
      throw error;
    }
    void follow();
  };

  const ensureFollowing = async () => {
    if (state.is === "resting") become({ is: "starting", started: start() });
    if (state.is === "starting") await state.started;
  };

  const forget = (listener: Listener | undefined) => {
    subscriberCount -= 1;
    if (listener) listeners.remove(listener);
    if (subscriberCount === 0) signal.wake();
  };

  return {
    position,
    async subscribe(subscriber) {
      subscriberCount += 1;
      let listener: Listener | undefined;
      const leave = once(() => forget(listener));
      try {
        await ensureFollowing();
        const end = position();
        if (!end) throw new Error("The event reader was stopped.");
        listener = { ...subscriber, from: subscriber.after ?? end, pending: [], hasGap: false };
        listeners.add(listener);
        await catchUp(platform, listeners, listener, end);
        return leave;
      } catch (error) {
        leave();
        throw error;
      }
    },
    stop() {
      become({ is: "stopped" });
      unsubscribe();
      signal.wake();
    },
  };
}

/** The listener is known since `end`: up to there it is replayed, behind it the reader brings everything. */
async function catchUp({ db }: Platform, listeners: Listeners, listener: Listener, end: Cursor): Promise<void> {
  if (isAfter(listener.from, end)) {
    // Another process may have been ahead of this one; ahead of the database itself is a cursor from another history.
    const boundary = await findBoundary(db);
    if (listener.from.xid >= boundary) startAgain(listener, end);
  } else if (isAfter(end, listener.from)) {
    const { events, isComplete } = await replayEvents(db, listener.channels, listener.from, end);
    if (!isComplete) listener.onGap();
    for (const event of events) listeners.call(listener, event);
  }
  listeners.goLive(listener);
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
