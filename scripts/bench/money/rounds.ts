/** Runs every variant once a round, in another order each time, so that what else the machine does falls on all alike. */
export async function interleave<Name extends string, Result>(
  count: number,
  variants: Readonly<Record<Name, () => Promise<Result>>>,
  say: (round: number, results: Readonly<Record<Name, Result>>) => void,
): Promise<Readonly<Record<Name, Result>>[]> {
  const names = Object.keys(variants) as Name[];
  const rounds: Readonly<Record<Name, Result>>[] = [];
  for (let round = 0; round < count; round += 1) {
    const results = {} as Record<Name, Result>;
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + round) % names.length] as Name;
      results[name] = await variants[name]();
    }
    say(round + 1, results);
    rounds.push(results);
  }
  return rounds;
}

export const spread = (values: readonly number[]) => ({ least: Math.min(...values), most: Math.max(...values) });
