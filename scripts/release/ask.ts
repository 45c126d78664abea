const asks = 12;
/** One slow answer may be anybody's fault. */
const mayFail = 2;

interface Asked {
  readonly version: string;
  readonly problem: string | undefined;
}

async function askOnce(address: string, answerWithinMs: number): Promise<Asked> {
  const startedAt = performance.now();
  try {
    const answer = await fetch(`${address}/health`, { signal: AbortSignal.timeout(answerWithinMs), headers: { connection: "close" } });
    const health = (await answer.json()) as { version?: string; database?: string };
    const isWell = answer.status === 200 && (health.database === "connected" || health.database === "read_only");
    const version = health.version ?? "";
    return { version, problem: isWell ? undefined : `/health says ${answer.status}, database ${health.database}` };
  } catch (error) {
    const ms = Math.round(performance.now() - startedAt);
    return { version: "", problem: `/health was not answered in ${ms} ms (${(error as Error).message})` };
  }
}

/**
 * Asks the public address a dozen times. While a new machine serves beside old ones both answer: each has to be well, and
 * no version may answer that is neither the old nor the new one.
 */
export async function whyNotWell(address: string, versions: readonly string[], withinMs = 2_000): Promise<string | undefined> {
  const answers = await Promise.all(Array.from({ length: asks }, () => askOnce(address, withinMs)));
  const stranger = answers.find(({ version }) => version !== "" && !versions.includes(version));
  if (stranger) return `version ${stranger.version.slice(0, 12)} answers, which is neither the old nor the new one`;
  const problems = answers.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  return problems.length > mayFail ? `${problems.length} of ${asks}: ${problems[0]}` : undefined;
}
