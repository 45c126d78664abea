import { isGood, objectives } from "../../dashboards/slo.ts";
import { countEvent } from "../health/slo-events.ts";
import type { Platform } from "../platform/context.ts";
import { type Cursor, isAfter } from "./cursor.ts";
import type { LiveEvent } from "./read-events.ts";

export interface Subscriber {
  readonly channels: readonly string[];
  /** The last event that the client has; without one it hears what comes from now on. */
  readonly after: Cursor | undefined;
  onEvent(event: LiveEvent): void;
  /** What came before cannot be replayed: the client has to read the state itself. */
  onGap(): void;
}

export interface Listener extends Subscriber {
  /** Events up to here are the client's already. */
  from: Cursor;
  /** What came while the replay was read; undefined once the listener is live. */
  pending: LiveEvent[] | undefined;
  hasGap: boolean;
}

/** Who listens in this process, and to which channels. */
export interface Listeners {
  add(listener: Listener): void;
  remove(listener: Listener): void;
  /** Hands an event to all that listen to one of its channels. */
  dispatch(event: LiveEvent): void;
  /** To one listener, in spite of what it may have heard. */
  call(listener: Listener, event: LiveEvent): void;
  /** Its replay is done: what came meanwhile, and from now on at once. */
  goLive(listener: Listener): void;
  /** A board that stands still counts one late event a second: what is held back is handed out, and counted, only when the wait is over. */
  countHeld(heldMs: number): void;
  /** Nothing before `from` can be replayed to them. */
  startAgain(from: Cursor): void;
}

const maxPending = 2_000;
const heldEveryMs = 1_000;
const boardEvents: ReadonlySet<string> = new Set(["order_placed", "order_paid"]);

export function createListeners({ log, metrics }: Pick<Platform, "log" | "metrics">): Listeners {
  const byChannel = new Map<string, Set<Listener>>();
  let heldCountedAtMs = 0;

  const call = (listener: Listener, event: LiveEvent) => {
    try {
      listener.onEvent(event);
    } catch (error) {
      log.error({ err: error, event: event.event }, "A live client could not take an event");
    }
  };

  const deliver = (listener: Listener, event: LiveEvent) => {
    if (!isAfter(event.cursor, listener.from)) return;
    if (listener.pending && listener.pending.length >= maxPending) listener.hasGap = true;
    else if (listener.pending) listener.pending.push(event);
    else call(listener, event);
  };

  /** Only where a board or a till of the café hears it: what nobody looks at is late for nobody. */
  const countBoard = ({ event, channels, lagMs }: LiveEvent) => {
    if (!boardEvents.has(event)) return;
    const isShown = channels.some((channel) => channel.startsWith("cafe:") && (byChannel.get(channel)?.size ?? 0) > 0);
    if (isShown) countEvent(metrics, "board", isGood("board", true, lagMs));
  };

  return {
    call,
    add(listener) {
      for (const channel of listener.channels) byChannel.set(channel, (byChannel.get(channel) ?? new Set()).add(listener));
    },
    remove(listener) {
      for (const channel of listener.channels) {
        const left = byChannel.get(channel);
        left?.delete(listener);
        if (left?.size === 0) byChannel.delete(channel);
      }
    },
    dispatch(event) {
      const hearing = new Set(event.channels.flatMap((channel) => [...(byChannel.get(channel) ?? [])]));
      for (const listener of hearing) deliver(listener, event);
      countBoard(event);
      metrics.observe("live_events_lag_ms", {}, event.lagMs);
    },
    goLive(listener) {
      const pending = listener.pending ?? [];
      listener.pending = undefined;
      for (const event of pending) deliver(listener, event);
      if (listener.hasGap) listener.onGap();
    },
    countHeld(heldMs) {
      if (heldMs <= objectives.board.withinMs || performance.now() - heldCountedAtMs < heldEveryMs) return;
      if (![...byChannel.keys()].some((channel) => channel.startsWith("cafe:"))) return;
      heldCountedAtMs = performance.now();
      countEvent(metrics, "board", false);
    },
    startAgain(from) {
      for (const listener of new Set([...byChannel.values()].flatMap((listeners) => [...listeners]))) startAgain(listener, from);
    },
  };
}

export function startAgain(listener: Listener, from: Cursor): void {
  listener.from = from;
  listener.onGap();
}
