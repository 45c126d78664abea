/**
 * What we promise, said once. From here come the events that the handlers count (`slo_events_total`), the burn-rate alarms, the
 * thresholds of dashboards and of k6, and the page docs/slo.md. Data alone: whoever needs a number may read it.
 */
export interface Objective {
  /** What a person gets, in words. */
  readonly promise: string;
  /** The share of good events over `windowDays`. */
  readonly target: number;
  /** An event is good only when it was answered within this time. */
  readonly withinMs: number;
  /** 95 of 100 answers are faster; drawn and tested under load, never an alarm of its own. */
  readonly p95Ms?: number;
  /**
   * How many bad events the short window must hold before anybody is woken. Without it one failed confirm at night is a
   * burn rate of 2,000.
   */
  readonly fewestBad: number;
}

export const windowDays = 30;

export const objectives = {
  scan: { promise: "a scanned card is answered", target: 0.999, withinMs: 2_000, p95Ms: 300, fewestBad: 5 },
  confirm: { promise: "a confirm gets a definite answer", target: 0.9995, withinMs: 2_000, p95Ms: 400, fewestBad: 5 },
  prompt: { promise: "the request reaches FCM or an open stream", target: 0.99, withinMs: 3_000, fewestBad: 10 },
  topUp: { promise: "a captured top-up is credited", target: 0.999, withinMs: 60_000, fewestBad: 3 },
  board: { promise: "an order is visible on the board", target: 0.99, withinMs: 2_000, fewestBad: 10 },
  read: { promise: "menus, cafés and the portal's pages are read", target: 0.995, withinMs: 800, fewestBad: 20 },
  other: { promise: "any other request is answered", target: 0.995, withinMs: 2_000, fewestBad: 20 },
} as const satisfies Record<string, Objective>;

export type ObjectiveName = keyof typeof objectives;
export const objectiveNames = Object.keys(objectives) as readonly ObjectiveName[];

/** Promises without a budget: one event is one too many. */
export const noBudget = { ledgerDrift: "the books differ by 0", doubleDebits: "an order is debited at most once" } as const;

export const recovery = { regionRtoMinutes: 60, regionRpoMinutes: 5, salesReadyAt: "06:00", salesReadyTarget: 0.99 } as const;

/**
 * Multi-window burn rates: the share of the month's budget that is spent in one hour is rate ÷ (windowDays × 24). A pair rings when
 * both windows burn. CloudWatch takes windows of at most a day with periods under an hour, and of seven days otherwise.
 */
export const burnRates = {
  fast: { rate: 14.4, longMinutes: 60, shortMinutes: 5, severity: "page" },
  medium: { rate: 6, longMinutes: 360, shortMinutes: 30, severity: "page" },
  slow: { rate: 3, longMinutes: 1_440, shortMinutes: 120, severity: "ticket" },
} as const;

export type BurnName = keyof typeof burnRates;

export const isGood = (name: ObjectiveName, wasServed: boolean, elapsedMs: number): boolean =>
  wasServed && elapsedMs <= objectives[name].withinMs;
