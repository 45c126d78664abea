import { part, type Statement } from "./postgres.ts";

/** The conditions joined by `and`; none of them lets every row through. */
export const allOf = (conditions: readonly Statement[]): Statement =>
  conditions.reduce((left, right) => part`${left} and ${right}`, part`true`);
