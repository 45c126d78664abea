/** Of a budget that everybody shares, one part in so many is what a network may waste before it counts as heavy. */
const parts = 20;

/**
 * A campus sits behind one address, so no address has a limit of its own. But whose wishes come to nothing again and again (codes that
 * nobody types, cafés that nobody approves) sees half of what everybody shares: the other half stays for the others.
 */
export const seenBudget = (limit: number, { wasted, of }: { readonly wasted: number; readonly of: number }): number =>
  wasted >= Math.max(1, of / parts) ? limit / 2 : limit;
