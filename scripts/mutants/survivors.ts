import type { Mutant } from "./operators.ts";

/** A mutant that no test can notice, and why. It counts as a survivor all the same. */
interface Survivor {
  readonly file: string;
  readonly operator: string;
  /** Part of what stood there. */
  readonly from: string;
  readonly reason: string;
}

const survivors: readonly Survivor[] = [];

export const reasonToSurvive = (file: string, { operator, from }: Pick<Mutant, "operator" | "from">): string | undefined =>
  survivors.find((one) => one.file === file && one.operator === operator && from.includes(one.from))?.reason;
