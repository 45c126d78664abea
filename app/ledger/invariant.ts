export interface Invariant {
  readonly id: string;
  readonly title: string;
  /** Gives one row for each violation. */
  readonly sql: string;
}
