/** Wakes one waiter. A wake while nobody waits is kept for the next wait, so none is lost. */
export interface WakeSignal {
  wake(): void;
  /** Until the next wake, at most this long. */
  wait(ms: number): Promise<void>;
}

export function createWakeSignal(): WakeSignal {
  let wasWoken = false;
  let endWait: (() => void) | undefined;
  return {
    wake() {
      wasWoken = true;
      endWait?.();
    },
    async wait(ms) {
      if (!wasWoken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          endWait = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      wasWoken = false;
      endWait = undefined;
    },
  };
}
