type Verdict = Readonly<
  Record<
    string,
    {
      readonly used: Readonly<Record<string, number>>;
      readonly refused: Readonly<Record<string, number>>;
      readonly neverUsed: readonly string[];
    }
  >
>;

/** By role: what it used, what it asked without being allowed, and what it may and never did. In an account a refusal would be one. */
export const permissions = async (worldUrl: string, say: (line: string) => void): Promise<string> => {
  const verdict = (await (await fetch(`${worldUrl}/world/judged`)).json()) as Verdict;
  const refusals = Object.entries(verdict).flatMap(([role, { refused }]) => Object.keys(refused).map((what) => `${role}: ${what}`));
  for (const [role, { used, neverUsed }] of Object.entries(verdict)) {
    say(`            ${role} used ${Object.keys(used).sort().join(", ")}`);
    if (neverUsed.length > 0) say(`            ${role} may and never did ${neverUsed.join(", ")}`);
  }
  if (refusals.length > 0) throw new Error(`an account would have refused ${refusals.join("; ")}.`);
  return `${Object.keys(verdict).length} roles, nothing refused`;
};
