// What the north had and the south did not get: found by the commands, held against the databases, brought back by two people.

import type { Cluster } from "../../../app/local/cluster.ts";
import { asSuperuser } from "../../../app/local/roles.ts";
import type { Accountant } from "./accountant.ts";
import type { Alive } from "./alive.ts";
import { healthOf } from "./answers.ts";
import type { Release } from "./releases.ts";

type Case = { readonly id: string; readonly receipt_id: string; readonly proposal: "repost" | "dismiss" | "by_hand" | null };

export const receiptsIn = (cluster: Cluster): Promise<ReadonlySet<string>> =>
  asSuperuser(cluster, "campus", async (client) => {
    const { rows } = await client.query<{ id: string }>("select id from receipts");
    return new Set(rows.map(({ id }) => id));
  });

export const without = (these: ReadonlySet<string>, those: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...these].filter((one) => !those.has(one)));

/** The command's list, held against what the two databases themselves say. */
export const lostAsListed = (said: string, truth: ReadonlySet<string>): string => {
  const listed = new Set([...said.matchAll(/ receipt ([0-9a-f-]{36})$/gm)].map(([, id = ""]) => id));
  const [missing, wrong] = [without(truth, listed).size, without(listed, truth).size];
  if (truth.size === 0) throw new Error("no receipt was lost: the drill proves nothing.");
  if (missing + wrong > 0)
    throw new Error(`${truth.size} receipts are lost: ${missing} are not listed, and ${wrong} are listed that are not lost.`);
  const told = said.split("\n").filter((line) => /^RPO|receipts on the old primary| receipt [0-9a-f-]{36}$/.test(line));
  return `as many as the two databases say, ${listed.size}:${told.map((line) => `\n            ${line.trim()}`).join("")}`;
};

/** The first of two agrees to what can be posted again and leaves what was paid again; the second posts. */
export const bringBack = async ({ site }: Alive, { operator }: Release, first: Accountant, second: Accountant): Promise<string> => {
  const token = await first.logIn(site);
  const { items } = await site.must<{ items: Case[] }>([200], "GET", "/admin/failover/cases?limit=100", token);
  const byProposal = Map.groupBy(items, ({ proposal }) => proposal);
  const again = byProposal.get("dismiss") ?? [];
  if (byProposal.has("by_hand")) throw new Error(`${byProposal.get("by_hand")?.length} cases could be decided by hand only.`);
  const case_ids = (byProposal.get("repost") ?? []).map(({ id }) => id);
  if (case_ids.length > 0) await site.must([200], "POST", "/admin/failover/agree", token, { case_ids });
  for (const { id } of again) await site.must([200], "POST", `/admin/failover/cases/${id}/dismiss`, token, { reason: "Paid again since." });
  const said = await operator.with(await second.environment()).must("failover-repost", "--url", site.url);
  await site.must([200], "POST", "/admin/failover/end", token);
  const { books } = await healthOf(site);
  if (books !== "normal") throw new Error(`the books are ${books} after the last case was closed.`);
  return `${said.trim().split("\n").at(-1)}, ${again.length} were paid again by their students; the books are ${books}`;
};
