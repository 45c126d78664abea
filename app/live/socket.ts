import type { WebSocket } from "ws";
import type { Platform } from "../platform/context.ts";
import type { Connection, Ending } from "./connections.ts";
import { type Cursor, cursorText } from "./cursor.ts";
import type { Live } from "./live.ts";
import type { LiveEvent } from "./read-events.ts";

export interface Feed {
  readonly kind: Connection["kind"];
  readonly ownerId: string;
  readonly channels: readonly string[];
  readonly after: Cursor | undefined;
  readonly check: () => unknown;
}

export interface SocketFeed extends Feed {
  /** What the client is to know first; undefined where the events tell everything. */
  readonly firstMessage?: () => Promise<Omit<LiveEvent, "cursor" | "channels" | "lagMs">>;
  readonly onSent?: (event: string, data: LiveEvent["data"]) => void;
  readonly isFinal?: (event: string, data: LiveEvent["data"]) => boolean;
  readonly onClosed?: () => void;
}

// A client that is this far behind does not read: it is cut, and resumes with its last id. The longest replay (1,000 events) fits.
export const maxBufferedBytes = 1_048_576;

// A client that does not answer the close is not waited for: a process that ends has 30 s in all.
const closeWithinMs = 3_000;

const closeCodes = { draining: 1012, unavailable: 1013, unauthorized: 4401, final: 1000, gone: 1001 } as const;
const closeReasons = {
  draining: "restarting",
  unavailable: "try again later",
  unauthorized: "the token has ended",
  final: "final",
  gone: "no answer",
} as const;

/** Serves one WebSocket: {event, data, id} messages, a pulse, and an ending that says why. */
export async function serveSocket(platform: Platform, live: Live, socket: WebSocket, feed: SocketFeed): Promise<void> {
  let isAlive = true;
  let isOpen = true;
  let leave: (() => void) | undefined;

  const send = (event: string, data: unknown, cursor?: Cursor) => {
    if (!isOpen) return;
    if (socket.bufferedAmount > maxBufferedBytes) {
      socket.terminate();
      return;
    }
    socket.send(JSON.stringify({ event, data, ...(cursor === undefined ? {} : { id: cursorText(cursor) }) }));
  };
  const end = (ending: Ending) => {
    if ("retryMs" in ending) send("reconnect", { retry_after_ms: ending.retryMs });
    isOpen = false;
    if (ending.because === "gone") return socket.terminate();
    socket.close(closeCodes[ending.because], closeReasons[ending.because]);
    const cut = setTimeout(() => socket.terminate(), closeWithinMs).unref();
    socket.once("close", () => clearTimeout(cut));
  };
  const tell = (event: string, data: LiveEvent["data"], cursor?: Cursor) => {
    if (!isOpen) return;
    send(event, data, cursor);
    feed.onSent?.(event, data);
    if (feed.isFinal?.(event, data)) end({ because: "final" });
  };

  const remove = live.connections.add({
    kind: feed.kind,
    ownerId: feed.ownerId,
    check: feed.check,
    beat(position) {
      if (!isAlive) return end({ because: "gone" });
      isAlive = false;
      socket.ping();
      // Before the replay is done there is no place yet from which nothing would be missed.
      send("heartbeat", {}, leave && position);
    },
    end,
  });
  socket.on("pong", () => {
    isAlive = true;
  });
  socket.once("close", () => {
    isOpen = false;
    remove();
    leave?.();
    feed.onClosed?.();
  });
  socket.on("error", () => socket.terminate());

  try {
    leave = await live.reader.subscribe({
      channels: feed.channels,
      after: feed.after,
      onEvent: ({ event, data, cursor }) => tell(event, data, cursor),
      onGap: () => send("resync", {}),
    });
    if (socket.readyState !== socket.OPEN) leave();
    const first = await feed.firstMessage?.();
    // The first pulse says that from here on nothing is missed, and from where to resume.
    send("heartbeat", {}, live.reader.position());
    if (first) tell(first.event, first.data);
  } catch (error) {
    platform.log.warn({ err: error }, "A live client could not be subscribed");
    end({ because: "unavailable", retryMs: 1_000 });
  }
}
