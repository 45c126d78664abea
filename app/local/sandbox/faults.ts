export const faultModes = {
  fcm: ["ok", "hang", "500", "unregistered"],
  sms: ["ok", "hang", "500", "unregistered"],
  gateway: ["ok", "hang", "500"],
} as const;

export type Provider = keyof typeof faultModes;
export type FaultMode = (typeof faultModes)[Provider][number];
export type FaultState = { -readonly [P in Provider]: (typeof faultModes)[P][number] };
/** What a request meets once a hang is over: a hang never turns into a success. */
export type FaultMet = Exclude<FaultMode, "hang">;

const hangLimitMs = 60_000;

export interface Faults {
  state(): FaultState;
  set(change: Partial<FaultState>): FaultState;
  /** Waits out a hang (until the client goes, the faults change, or a minute has passed) and says what the request meets. */
  meet(provider: Provider, clientGone: AbortSignal): Promise<FaultMet>;
}

export const createFaults = (): Faults => {
  const state: FaultState = { fcm: "ok", sms: "ok", gateway: "ok" };
  let changed = new AbortController();

  return {
    state: () => ({ ...state }),
    set(change) {
      Object.assign(state, change);
      changed.abort();
      changed = new AbortController();
      return { ...state };
    },
    async meet(provider, clientGone) {
      const mode = state[provider];
      if (mode !== "hang") return mode;
      await firstOf(AbortSignal.any([clientGone, changed.signal]), hangLimitMs);
      return "500";
    },
  };
};

const firstOf = (signal: AbortSignal, limitMs: number): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, limitMs).unref();
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
