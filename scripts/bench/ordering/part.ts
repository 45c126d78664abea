import type { LocalSystem } from "../local-system.ts";

export interface PartOutcome {
  readonly report: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  readonly missed: readonly string[];
}

/** One part of the ordering bench: `rounds` is how often what is compared takes turns. */
export type OrderingPart = (system: LocalSystem, settings: { readonly rounds: number }) => Promise<PartOutcome>;
