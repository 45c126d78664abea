/** A header tells whole seconds, and an answer is a while on its way: what is less than this is not the clock's fault. */
const toleratedMs = 3_000;

let behindMs = 0;

/** Takes the time from an answer that no cache could have kept. */
export function hearTime(headers: Headers, receivedAtMs: number = Date.now()): void {
  if (!headers.get("cache-control")?.includes("no-store")) return;
  const said = Date.parse(headers.get("date") ?? "");
  if (Number.isNaN(said)) return;
  const difference = said - receivedAtMs;
  behindMs = Math.abs(difference) > toleratedMs ? difference : 0;
}

/** The server's clock: a tablet's own may be minutes off. */
export const now = (): number => Date.now() + behindMs;
