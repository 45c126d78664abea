/** Lines for the person who waits, on standard error: standard output is for the addresses and READY. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

export async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  say(`  ${what.padEnd(34)} ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`);
  return result;
}
