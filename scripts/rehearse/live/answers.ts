import type { Site } from "./campus.ts";
import { inServiceWithinMs, until } from "./telling.ts";

const asksInARow = 12;

export type Health = { readonly database: string; readonly region: string; readonly books: string; readonly replica?: string };
export const healthOf = async (site: Site): Promise<Health> => JSON.parse((await site.ask("GET", "/health")).body) as Health;

/** Many answers in a row: a process may be asked that knows nothing yet, or begins anew because it does. */
export const untilAll = (what: string, site: Site, isSo: (health: Health) => boolean): Promise<void> => {
  let row = 0;
  return until(what, inServiceWithinMs, async () => {
    row = (await healthOf(site).then(isSo, () => false)) ? row + 1 : 0;
    return row >= asksInARow;
  });
};

/** What a phone opens: the pages come from a bucket. */
export const firstPage = async (site: Site): Promise<void> => {
  const { status, body } = await site.ask("GET", "/");
  if (status !== 200 || !body.includes('id="root"')) throw new Error(`the first page is answered with ${status}: ${body.slice(0, 300)}`);
};
