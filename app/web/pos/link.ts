import { createLineState } from "../shared/live/line-state.ts";
import { deviceFetch } from "./device.ts";
import { look } from "./till.ts";

const line = createLineState();
const silenceMs = 45_000;
const longestWaitMs = 15_000;

export const useLinked = line.use;

/** The till's event stream, read by fetch since EventSource sends no header. Each event only says: look. */
export function followCharges(): () => void {
  const ended = new AbortController();
  let waitMs = 500;
  const read = async (): Promise<void> => {
    const cut = new AbortController();
    ended.signal.addEventListener("abort", () => cut.abort(), { once: true });
    let silence = setTimeout(() => cut.abort(), silenceMs);
    try {
      const answer = await deviceFetch("/api/v1/pos/stream", { signal: cut.signal });
      if (!answer.ok || !answer.body) throw new Error("No stream.");
      line.set(true);
      waitMs = 500;
      void look();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(silence);
        silence = setTimeout(() => cut.abort(), silenceMs);
        if (value.includes("event:") || value.includes("data:")) void look();
      }
    } catch {
      // Cut: tried again below.
    } finally {
      clearTimeout(silence);
      line.set(false);
    }
  };
  const loop = async () => {
    while (!ended.signal.aborted) {
      await read();
      await new Promise((resolve) => setTimeout(resolve, waitMs * (0.5 + Math.random())));
      waitMs = Math.min(waitMs * 2, longestWaitMs);
    }
  };
  void loop();
  const onVisible = () => document.visibilityState === "visible" && void look();
  document.addEventListener("visibilitychange", onVisible);
  return () => {
    ended.abort();
    document.removeEventListener("visibilitychange", onVisible);
  };
}
