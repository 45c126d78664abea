import { useSyncExternalStore } from "react";

/** Whether a line to the server stands, for pages to show: `use` in a component, `set` where the line is kept. */
export interface LineState {
  readonly set: (isUp: boolean) => void;
  readonly use: () => boolean;
}

export function createLineState(): LineState {
  let isUp = false;
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    set: (next) => {
      if (isUp === next) return;
      isUp = next;
      for (const listener of listeners) listener();
    },
    use: () => useSyncExternalStore(subscribe, () => isUp),
  };
}
