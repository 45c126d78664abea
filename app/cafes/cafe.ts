import type { Holidays, OpeningHours } from "./field-schemas.ts";

export interface Cafe {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  /** Another name that it wants, until the university agrees. */
  readonly wantedName: string | null;
  readonly status: "pending" | "approved" | "suspended";
  readonly address: string | null;
  readonly timeZone: string;
  readonly currency: string;
  readonly openingHours: OpeningHours | null;
  readonly holidays: Holidays;
  readonly pausedUntil: Date | null;
  readonly pauseReason: string | null;
  readonly numberMatchRequired: boolean;
  readonly isOpen: boolean;
  readonly hasTables: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
