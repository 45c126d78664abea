import type { IncomingMessage } from "node:http";
import type { Platform } from "../platform/context.ts";
import type { HttpContext } from "../platform/http/router.ts";
import type { Ending } from "./connections.ts";
import { type Cursor, cursorText } from "./cursor.ts";
import type { Live } from "./live.ts";
import { type Feed, maxBufferedBytes } from "./socket.ts";

const usualRetryMs = 2_000;

const headers = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache, no-transform",
  // Tells nginx not to collect the stream before it passes it on.
  "X-Accel-Buffering": "no",
} as const;

/**
 * Answers with the events of these channels, from the one behind `after` on, for as long as the credential holds. The answer begins when nothing more
 * can be missed: a browser that reads the state once its stream is open has seen everything.
 */
export async function answerWithEvents(c: HttpContext, live: Live, feed: Feed) {
  live.connections.admit(feed.ownerId);
  const { incoming } = c.env as unknown as { incoming: IncomingMessage };
  const listening = Promise.withResolvers<void>();
  const stream = openEventStream(c.var.platform, live, feed, { cut: () => incoming.destroy(), onListening: listening.resolve });
  await listening.promise;
  return c.body(stream, 200, headers);
}

/** `cut` ends the connection under a client that does not read; `onListening` is called once nothing is missed any more, or it failed. */
function openEventStream(
  platform: Platform,
  live: Live,
  feed: Feed,
  { cut, onListening }: { readonly cut: () => void; readonly onListening: () => void },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let leave: (() => void) | undefined;
  let remove: (() => void) | undefined;
  let isOpen = true;

  const close = () => {
    isOpen = false;
    remove?.();
    leave?.();
  };

  return new ReadableStream<Uint8Array>(
    {
      async start(controller) {
        const write = (text: string) => {
          if (!isOpen) return;
          if ((controller.desiredSize ?? 0) <= 0) {
            close();
            cut();
          } else controller.enqueue(encoder.encode(text));
        };
        const end = (ending: Ending) => {
          if (!isOpen) return;
          if ("retryMs" in ending) write(`retry: ${ending.retryMs}\n${message("reconnect", { retry_after_ms: ending.retryMs })}`);
          close();
          controller.close();
        };
        // A comment keeps the connection; the id alone moves the place to resume from without an event.
        const pulse = (position: Cursor | undefined) =>
          write(leave && position ? `: heartbeat\nid: ${cursorText(position)}\n\n` : ": heartbeat\n\n");

        remove = live.connections.add({ kind: feed.kind, ownerId: feed.ownerId, check: feed.check, beat: pulse, end });
        write(`retry: ${usualRetryMs}\n\n`);
        try {
          leave = await live.reader.subscribe({
            channels: feed.channels,
            after: feed.after,
            onEvent: ({ event, data, cursor }) => write(message(event, data, cursor)),
            onGap: () => write(message("resync", {})),
          });
          if (!isOpen) leave();
          pulse(live.reader.position());
        } catch (error) {
          platform.log.warn({ err: error }, "A live client could not be subscribed");
          end({ because: "unavailable", retryMs: usualRetryMs });
        } finally {
          onListening();
        }
      },
      cancel: close,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxBufferedBytes }),
  );
}

const message = (event: string, data: unknown, cursor?: Cursor): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n${cursor === undefined ? "" : `id: ${cursorText(cursor)}\n`}\n`;
