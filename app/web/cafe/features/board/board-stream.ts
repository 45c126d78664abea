import { createLineState } from "../../../shared/live/line-state.ts";
import { renewStaff } from "../../../shared/session/staff.ts";
import { refresh } from "../../queries.ts";
import { boardKey } from "./board-orders.ts";

// What makes the board look again (docs/live.md); `heartbeat` only says that the line is alive.
const events = ["order_placed", "order_paid", "order_changed", "status_changed", "delivery_assigned", "refunded", "resync"];
const silenceMs = 45_000;
const longestWaitMs = 15_000;
const gatherMs = 150;

const line = createLineState();

export const useBoardLive = line.use;

/** The café's events. Each one only says: look; many at once are one look. */
export function followOrders(): () => void {
  let source: EventSource | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let waitMs = 500;
  let isEnded = false;

  const look = () => {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      void refresh(...boardKey);
    }, gatherMs);
  };
  const heard = () => {
    line.set(true);
    waitMs = 500;
    clearTimeout(silence);
    silence = setTimeout(restart, silenceMs);
  };
  const cut = () => {
    source?.close();
    source = undefined;
    clearTimeout(silence);
    line.set(false);
  };
  const later = () => {
    clearTimeout(again);
    again = setTimeout(open, waitMs * (0.5 + Math.random()));
    waitMs = Math.min(waitMs * 2, longestWaitMs);
  };
  const open = () => {
    if (isEnded || source) return;
    const opened = new EventSource("/api/v1/admin/orders/stream");
    source = opened;
    opened.onopen = () => {
      heard();
      look();
    };
    opened.addEventListener("heartbeat", heard);
    opened.addEventListener("reconnect", () => restart());
    for (const name of events)
      opened.addEventListener(name, () => {
        heard();
        look();
      });
    opened.onerror = () => {
      line.set(false);
      // Closed for good: most often the cookie ran out, and a renewed one opens it again.
      if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
      cut();
      void renewStaff().then(later, later);
    };
  };
  function restart(): void {
    cut();
    later();
  }
  const onVisible = () => {
    if (document.visibilityState !== "visible") return;
    look();
    if (!source) open();
  };
  document.addEventListener("visibilitychange", onVisible);
  addEventListener("online", onVisible);
  open();
  return () => {
    isEnded = true;
    document.removeEventListener("visibilitychange", onVisible);
    removeEventListener("online", onVisible);
    clearTimeout(again);
    clearTimeout(gathering);
    cut();
  };
}
