// What a campus loses in a year, while students pay.

import type { Alive } from "./alive.ts";
import type { Student } from "./campus.ts";
import { Payers } from "./payers.ts";
import { inServiceWithinMs, until } from "./telling.ts";

const paymentsAround = 20;

/** Its power is cut while students pay: what was under way is sent again by their phones, and nothing is lost. */
export const losesAMachine = async (campus: Alive, payers: readonly Student[]): Promise<string> => {
  const { region, site, demo, cluster } = campus;
  const paying = new Payers(site, demo, payers);
  await paying.morePaid(paymentsAround);
  const before = new Set(region.fleet.running.keys());
  const [victim = ""] = region.inService();
  region.fleet.running.get(victim)?.machine.kill();
  const killedAt = performance.now();
  await until("the dead machine left the load balancer", inServiceWithinMs, async () => !region.inService().includes(victim));
  const noticed = (performance.now() - killedAt) / 1_000;
  await until("a new machine in service", inServiceWithinMs, async () => region.inService().some((id) => !before.has(id)));
  const replaced = (performance.now() - killedAt) / 1_000;
  await paying.morePaid(paymentsAround);
  return `found dead after ${noticed.toFixed(0)} s, replaced after ${replaced.toFixed(0)} s; ${await paying.stop(cluster)}`;
};

const databaseAwayMs = 20_000;

/** Everybody waits for it; nobody pays twice, and no machine is thrown away for it. */
export const losesTheDatabase = async (campus: Alive, payers: readonly Student[]): Promise<string> => {
  const { site, demo, cluster, region, failOver } = campus;
  const paying = new Payers(site, demo, payers);
  await until("payments", inServiceWithinMs, async () => paying.receipts.length >= paymentsAround);
  // One that was killed before may still be on its way out: only what serves now must stay, and nobody new may come.
  const [serving, known] = [region.inService(), new Set(region.fleet.running.keys())];
  await failOver(databaseAwayMs);
  const backAt = performance.now();
  const before = paying.receipts.length;
  await until("the first payment after it", inServiceWithinMs, async () => paying.receipts.length > before);
  const first = (performance.now() - backAt) / 1_000;
  await until("payments again", inServiceWithinMs, async () => paying.receipts.length >= before + paymentsAround);
  const seen = await paying.stop(cluster);
  const { running } = region.fleet;
  const replaced = [...serving.filter((id) => !running.has(id)), ...[...running.keys()].filter((id) => !known.has(id))];
  if (replaced.length > 0) throw new Error(`machines were replaced because their database was away: ${replaced.join(", ")}`);
  return `away for ${databaseAwayMs / 1_000} s, first payment ${first.toFixed(1)} s after it was back; ${seen}`;
};
