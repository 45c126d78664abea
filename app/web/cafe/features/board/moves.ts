import { useSyncExternalStore } from "react";
import { staffFetch } from "../../../shared/session/staff.ts";
import { refresh } from "../../queries.ts";
import { type BoardOrder, boardKey, type Status, sendStep } from "./board-orders.ts";

export interface Move {
  readonly order: BoardOrder;
  readonly from: Status;
  readonly to: Status;
}

interface MovesState {
  /** What was tapped last, for as long as it can be undone with one tap. */
  readonly last?: Move | undefined;
  /** Handed out, but not yet told to the server: this step has no way back there. */
  readonly held: readonly string[];
  /** Tapped and not yet answered: shown instead of what a list says that may have been read before the tap. */
  readonly shown: ReadonlyMap<string, Status>;
  readonly error?: unknown;
}

export const undoMs = 5_000;

let state: MovesState = { held: [], shown: new Map() };
let waiting: { readonly move: Move; readonly timer: ReturnType<typeof setTimeout> } | undefined;
let fading: ReturnType<typeof setTimeout> | undefined;
// One order's steps reach the server in the order of the taps; after one that failed, the later ones are not sent.
const sending = new Map<string, Promise<unknown>>();
const listeners = new Set<() => void>();

function become(change: Partial<MovesState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

export const useMoves = (): MovesState =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => state,
  );

/** One tap: shown at once. What the server cannot take back is sent when the time to undo is over. */
export function advance(order: BoardOrder, to: Status): void {
  const move = { order, from: order.status, to };
  sendWaiting();
  clearTimeout(fading);
  fading = setTimeout(() => become({ last: undefined }), undoMs);
  if (to === "completed") {
    waiting = { move, timer: setTimeout(sendWaiting, undoMs) };
    become({ last: move, held: [...state.held, order.id], error: undefined });
    return;
  }
  become({ last: move, error: undefined });
  void send(move);
}

export function undo(): void {
  const { last } = state;
  if (!last) return;
  clearTimeout(fading);
  become({ last: undefined });
  if (waiting?.move === last) {
    clearTimeout(waiting.timer);
    waiting = undefined;
    become({ held: state.held.filter((id) => id !== last.order.id) });
    return;
  }
  void send({ order: last.order, from: last.to, to: last.from });
}

async function send({ order, from, to }: Move): Promise<void> {
  const sent = (sending.get(order.id) ?? Promise.resolve()).then(() => sendStep(order.id, from, to));
  sending.set(order.id, sent);
  become({ shown: new Map(state.shown).set(order.id, to) });
  try {
    await sent;
  } catch (error) {
    become({ error, last: undefined });
  }
  await refresh(...boardKey);
  // Only the last step lets go of its order: an earlier one may be answered while a later one is on its way.
  if (sending.get(order.id) !== sent) return;
  sending.delete(order.id);
  const shown = new Map(state.shown);
  shown.delete(order.id);
  become({ shown, ...(to === "completed" && { held: state.held.filter((id) => id !== order.id) }) });
}

function sendWaiting(): void {
  if (!waiting) return;
  const { move, timer } = waiting;
  clearTimeout(timer);
  waiting = undefined;
  void send(move);
}

// Who closes the page within those seconds has handed the order out all the same.
addEventListener("pagehide", () => {
  if (!waiting) return;
  const { order, from, to } = waiting.move;
  void staffFetch(`/api/v1/admin/orders/${order.id}/status`, {
    method: "PATCH",
    keepalive: true,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ status: to, from }),
  });
});
