import { renew, studentSession, subscribeToSession } from "../session/student.ts";
import { createLineState } from "./line-state.ts";

export interface LiveEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly id?: string;
}

const firstWaitMs = 500;
const longestWaitMs = 15_000;
const silenceMs = 45_000;
const tokenEnded = 4401;

const line = createLineState();

/** Whether events arrive by themselves; where they do not, pages ask. */
export const useLive = line.use;

/** Keeps a WebSocket open while somebody is logged in: resumes after a cut, gives up on a silent one, waits longer each time. */
export function listenAsStudent(onEvent: (event: LiveEvent) => void): void {
  let socket: WebSocket | undefined;
  let lastId: string | undefined;
  let waitMs = firstWaitMs;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let listensFor: string | undefined;

  const later = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(open, ms * (0.5 + Math.random()));
  };
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => socket?.close(), silenceMs);
  };
  const open = () => {
    const session = studentSession();
    if (session.kind !== "in" || document.visibilityState === "hidden") return;
    if (listensFor !== session.student.id) lastId = undefined;
    listensFor = session.student.id;
    const address = new URL("/api/v1/ws/me", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (lastId !== undefined) address.searchParams.set("last_event_id", lastId);
    const opened = new WebSocket(address, ["campuspay.v1", `bearer.${session.token}`]);
    socket = opened;
    // Pages were read before this line began to tell: what happened in between, nobody would tell again. A resumed line is told from where it was cut.
    let isUntold = lastId === undefined;
    opened.onmessage = ({ data }) => {
      waitMs = firstWaitMs;
      heard();
      line.set(true);
      const event = JSON.parse(String(data)) as LiveEvent;
      if (isUntold && event.id !== undefined) {
        isUntold = false;
        onEvent({ event: "resync", data: {} });
      }
      if (event.id !== undefined) lastId = event.id;
      if (event.event === "reconnect") return later(Number(event.data.retry_after_ms ?? firstWaitMs));
      onEvent(event);
    };
    opened.onclose = ({ code }) => {
      if (socket !== opened) return;
      socket = undefined;
      line.set(false);
      clearTimeout(silence);
      if (code === tokenEnded) return void renew().then(open, () => later(longestWaitMs));
      later(waitMs);
      waitMs = Math.min(waitMs * 2, longestWaitMs);
    };
  };
  const restart = () => {
    clearTimeout(timer);
    const old = socket;
    socket = undefined;
    old?.close();
    line.set(false);
    open();
  };
  subscribeToSession(() => {
    const session = studentSession();
    if (session.kind !== "in") return restart();
    if (!socket || listensFor !== session.student.id) restart();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !socket && restart());
  addEventListener("online", restart);
  open();
}
