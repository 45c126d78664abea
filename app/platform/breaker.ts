/** Stops asking something that does not answer: after `failures` in a row it is left alone for `restMs`, then tried again once. */
export interface Breaker {
  run<T>(work: () => Promise<T>): Promise<T>;
  isOpen(): boolean;
}

interface BreakerOptions {
  readonly name: string;
  readonly failures: number;
  readonly restMs: number;
  readonly now?: () => number;
  readonly onChange?: (open: boolean) => void;
}

export class BreakerOpen extends Error {
  constructor(name: string) {
    super(`${name} has failed repeatedly and is left alone for a moment.`);
    this.name = "BreakerOpen";
  }
}

export function createBreaker(options: BreakerOptions): Breaker {
  const { name, failures, restMs, now = performance.now.bind(performance), onChange } = options;
  let inARow = 0;
  let openedAtMs: number | undefined;
  let trying = false;

  const isOpen = () => openedAtMs !== undefined && (trying || now() - openedAtMs < restMs);

  return {
    isOpen,
    async run(work) {
      if (isOpen()) throw new BreakerOpen(name);
      trying = openedAtMs !== undefined;
      try {
        const result = await work();
        inARow = 0;
        if (openedAtMs !== undefined) {
          openedAtMs = undefined;
          onChange?.(false);
        }
        return result;
      } catch (error) {
        inARow += 1;
        if (inARow >= failures) {
          if (openedAtMs === undefined) onChange?.(true);
          openedAtMs = now();
        }
        throw error;
      } finally {
        trying = false;
      }
    },
  };
}
