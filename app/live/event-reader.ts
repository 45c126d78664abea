import { isGood, objectives } from "../../dashboards/slo.ts";
import { countEvent } from "../health/slo-events.ts";
import type { Platform } from "../platform/context.ts";
import { eventsChannel } from "./announce.ts";
import { type Cursor, isAfter } from "./cursor.ts";
import { findBoundary, type LiveEvent, readEvents, replayEvents } from "./read-events.ts";
import { createWakeSignal } from "./wake-signal.ts";

export interface Subscriber {
  readonly channels: readonly string[];
  /** The last event that the client has; without one it hears what comes from now on. */
  readonly after: Cursor | undefined;
  onEvent(event: LiveEvent): void;
  /** What came before cannot be replayed: the client has to read the state itself. */
  onGap(): void;
}

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
const maxPending = 2_000;
const heldEveryMs = 1_000;
const boardEvents: ReadonlySet<string> = new Set(["order_placed", "order_paid"]);

interface Listener extends Subscriber {
  /** Events up to here are the client's already. */
  from: Cursor;
  /** What came while the replay was read; undefined once the listener is live. */
  pending: LiveEvent[] | undefined;
  hasGap: boolean;
}

export function openEventReader(platform: Platform): EventReader {
  const { cache, db, log, metrics } = platform;
  const byChannel = new Map<string, Set<Listener>>();
  const signal = createWakeSignal();
  const unsubscribe = cache.subscribe(eventsChannel, signal.wake);
  let subscriberCount = 0;
  let position: Cursor | undefined;
  let starting: Promise<void> | undefined;
  let stopped = false;
  let heldCountedAtMs = 0;

  const deliver = (listener: Listener, event: LiveEvent) => {
    if (!isAfter(event.cursor, listener.from)) return;
    if (listener.pending && listener.pending.length >= maxPending) listener.hasGap = true;
    else if (listener.pending) listener.pending.push(event);
    else callListener(listener, event);
  };

  const callListener = (listener: Listener, event: LiveEvent) => {
    try {
      listener.onEvent(event);
    } catch (error) {
      log.error({ err: error, event: event.event }, "A live client could not take an event");
    }
  };

  const dispatch = (event: LiveEvent) => {
    const listeners = new Set(event.channels.flatMap((channel) => [...(byChannel.get(channel) ?? [])]));
    for (const listener of listeners) deliver(listener, event);
    countBoard(event);
    metrics.observe("live_events_lag_ms", {}, event.lagMs);
  };

  /** Only where a board or a till of the café hears it: what nobody looks at is late for nobody. */
  const countBoard = ({ event, channels, lagMs }: LiveEvent) => {
    if (!boardEvents.has(event)) return;
    const isShown = channels.some((channel) => channel.startsWith("cafe:") && (byChannel.get(channel)?.size ?? 0) > 0);
    if (isShown) countEvent(metrics, "board", isGood("board", true, lagMs));
  };

  /** A board that stands still counts one late event a second: what is held back is handed out, and counted, only when the wait is over. */
  const countHeld = (heldMs: number) => {
    if (heldMs <= objectives.board.withinMs || performance.now() - heldCountedAtMs < heldEveryMs) return;
    if (![...byChannel.keys()].some((channel) => channel.startsWith("cafe:"))) return;
    heldCountedAtMs = performance.now();
    countEvent(metrics, "board", false);
  };

  const everyone = () => new Set([...byChannel.values()].flatMap((listeners) => [...listeners]));

  const readOnce = async (from: Cursor): Promise<"more" | "waiting" | "idle"> => {
    const { events, boundary, isMore, heldMs } = await readEvents(db, from);
    // Only a server with another history is behind us: a replica that took over without the last transactions.
    if (boundary < from.xid) for (const listener of everyone()) startAgain(listener, { xid: boundary, id: 0 });
    position = isMore ? (events.at(-1)?.cursor ?? from) : { xid: boundary, id: 0 };
    for (const event of events) dispatch(event);
    if (heldMs !== undefined) countHeld(heldMs);
    return isMore ? "more" : heldMs === undefined ? "idle" : "waiting";
  };

  const startAgain = (listener: Listener, from: Cursor) => {
    listener.from = from;
    listener.onGap();
  };

  /** Runs while somebody listens. */
  const follow = async () => {
    let waitMs = firstWaitMs;
    while (subscriberCount > 0 && position && !stopped) {
      const outcome = await readOnce(position).catch((error: unknown) => {
        log.warn({ err: error }, "The live events could not be read; trying again");
        return "fault" as const;
      });
      waitMs = outcome === "waiting" ? Math.min(waitMs * 2, longestWaitMs) : firstWaitMs;
      if (outcome !== "more") await pause(outcome === "fault" ? faultPauseMs : readGapMs);
      if (outcome === "waiting") await signal.wait(waitMs);
      if (outcome === "idle") await signal.wait(pollMs);
    }
    position = undefined;
    starting = undefined;
  };

  const start = async () => {
    position = { xid: await findBoundary(db), id: 0 };
    void follow();
  };

  const ensureStarted = () => {
    starting ??= start().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  };

  const register = (listener: Listener) => {
    for (const channel of listener.channels) byChannel.set(channel, (byChannel.get(channel) ?? new Set()).add(listener));
  };

  const forget = (listener: Listener | undefined) => {
    subscriberCount -= 1;
    for (const channel of listener?.channels ?? []) {
      const left = byChannel.get(channel);
      if (listener) left?.delete(listener);
      if (left?.size === 0) byChannel.delete(channel);
    }
    if (subscriberCount === 0) signal.wake();
  };

  /** The listener is registered at `end`: up to there it is replayed, behind it the reader brings everything. */
  const catchUp = async (listener: Listener, end: Cursor) => {
    if (isAfter(listener.from, end)) {
      // Another process may have been ahead of this one; ahead of the database itself is a cursor from another history.
      const boundary = await findBoundary(db);
      if (listener.from.xid >= boundary) startAgain(listener, end);
    } else if (isAfter(end, listener.from)) {
      const { events, isComplete } = await replayEvents(db, listener.channels, listener.from, end);
      if (!isComplete) listener.onGap();
      for (const event of events) callListener(listener, event);
    }
    const pending = listener.pending ?? [];
    listener.pending = undefined;
    for (const event of pending) deliver(listener, event);
    if (listener.hasGap) listener.onGap();
  };

  return {
    position: () => position,
    async subscribe(subscriber) {
      subscriberCount += 1;
      let listener: Listener | undefined;
      const leave = once(() => forget(listener));
      try {
        await ensureStarted();
        const end = position;
        if (!end) throw new Error("The event reader was stopped.");
        listener = { ...subscriber, from: subscriber.after ?? end, pending: [], hasGap: false };
        register(listener);
        await catchUp(listener, end);
        return leave;
      } catch (error) {
        leave();
        throw error;
      }
    },
    stop() {
      stopped = true;
      unsubscribe();
      signal.wake();
    },
  };
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
