/** What a part of `npm test` found. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skipped[];
}

export interface Skipped {
  readonly what: string;
  readonly why: string;
}

export const nothing: Tally = { passed: 0, failed: 0, skipped: [] };
export const onePassed: Tally = { ...nothing, passed: 1 };
export const oneFailed: Tally = { ...nothing, failed: 1 };

export const add = (one: Tally, other: Tally): Tally => ({
  passed: one.passed + other.passed,
  failed: one.failed + other.failed,
  skipped: [...one.skipped, ...other.skipped],
});

/** The last line of `npm test`, for people and machines. */
export const countLine = ({ passed, failed, skipped }: Tally) => `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
