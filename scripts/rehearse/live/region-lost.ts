// The region that serves is lost while students pay: the other one takes over by the commands of the runbooks, what was lost is found and
// brought back, and the campus goes home.

import { randomUUID } from "node:crypto";
import type { Cluster } from "../../../app/local/cluster.ts";
import { asSuperuser, ownerRole } from "../../../app/local/roles.ts";
import { originHeader, placeOriginName } from "../../../stacks/origins.ts";
import { environmentNamed } from "../../release/target.ts";
import { Accountant } from "./accountant.ts";
import type { Alive, Standby } from "./alive.ts";
import { orderIn, Site, type Student } from "./campus.ts";
import { followersOf, holdBack } from "./copies.ts";
import { Payers } from "./payers.ts";
import type { Place } from "./places.ts";
import type { Release } from "./releases.ts";
import { inServiceWithinMs, type Step, until } from "./telling.ts";

const paymentsAround = 20;
/** Receipts that phones have and the copy does not get. */
const lostPayments = 5;
const longestOutageSeconds = 600;
const asksInARow = 12;

type Health = { readonly database: string; readonly region: string; readonly books: string; readonly replica?: string };
type Case = { readonly id: string; readonly receipt_id: string; readonly proposal: "repost" | "dismiss" | "by_hand" | null };

/** A region's load balancer, asked as the edge asks it, whoever serves. */
const siteAt = ({ distribution, certificates }: Alive, environment: string, { place, balancer }: Place): Site => {
  const headers = distribution.Origins.Items.flatMap(({ CustomHeaders }) => CustomHeaders.Items ?? []);
  const key = headers.find(({ HeaderName }) => HeaderName.toLowerCase() === originHeader)?.HeaderValue ?? "";
  return new Site(placeOriginName(environmentNamed(environment), place), certificates.authority, balancer, { [originHeader]: key });
};

const healthOf = async (site: Site): Promise<Health> => JSON.parse((await site.ask("GET", "/health")).body) as Health;

/** Many answers in a row: a process may be asked that knows nothing yet, or begins anew because it does. */
const untilAll = (what: string, site: Site, isSo: (health: Health) => boolean): Promise<void> => {
  let row = 0;
  return until(what, inServiceWithinMs, async () => {
    row = (await healthOf(site).then(isSo, () => false)) ? row + 1 : 0;
    return row >= asksInARow;
  });
};

const standsBy = async (site: Site, { region }: Standby, writer: Cluster): Promise<string> => {
  const options = { standing: () => region.standing(), explain: () => region.journals() };
  await until("a machine of the standby in service", inServiceWithinMs, async () => region.inService().length >= 1, options);
  await until("its copy follows", inServiceWithinMs, async () => (await followersOf(writer)) === 1);
  const { database, region: name } = await healthOf(site);
  const { status } = await site.ask("GET", "/ready");
  if (database !== "read_only" || status !== 503) throw new Error(`${name} says ${database}, and ${status} to /ready.`);
  return `${name} says ${database}, and ${status} to /ready`;
};

const receiptsIn = (cluster: Cluster): Promise<ReadonlySet<string>> =>
  asSuperuser(cluster, "campus", async (client) => {
    const { rows } = await client.query<{ id: string }>("select id from receipts");
    return new Set(rows.map(({ id }) => id));
  });

const without = (these: ReadonlySet<string>, those: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...these].filter((one) => !those.has(one)));

/** What the command prints of the outage; a longer one than promised fails. */
const outageOf = (said: string): string => {
  const [line, minutes, seconds] = /RTO (\d+) min (\d+) s.*/.exec(said) ?? [];
  if (!line) throw new Error(`npm run failover does not say how long it took: ${said.slice(-500)}`);
  if (Number(minutes) * 60 + Number(seconds) > longestOutageSeconds) throw new Error(`${line}: longer than ten minutes.`);
  return line;
};

/** The command's list, held against what the two databases themselves say. */
const lostAsListed = (said: string, truth: ReadonlySet<string>): string => {
  const listed = new Set([...said.matchAll(/ receipt ([0-9a-f-]{36})$/gm)].map(([, id = ""]) => id));
  const [missing, wrong] = [without(truth, listed).size, without(listed, truth).size];
  if (truth.size === 0) throw new Error("no receipt was lost: the drill proves nothing.");
  if (missing + wrong > 0)
    throw new Error(`${truth.size} receipts are lost: ${missing} are not listed, and ${wrong} are listed that are not lost.`);
  const told = said.split("\n").filter((line) => /^RPO|receipts on the old primary| receipt [0-9a-f-]{36}$/.test(line));
  return `as many as the two databases say, ${listed.size}:${told.map((line) => `\n            ${line.trim()}`).join("")}`;
};

/** The first of two agrees to what can be posted again and leaves what was paid again; the second posts. */
const bringBack = async ({ site }: Alive, { operator }: Release, first: Accountant, second: Accountant): Promise<string> => {
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

/** Two regions and who knows what of them. */
type Two = {
  readonly campus: Alive;
  readonly standby: Standby;
  readonly release: Release;
  /** Their load balancers, asked directly. */
  readonly north: Site;
  readonly south: Site;
  /** The database that writes when the north is lost. */
  readonly old: Cluster;
  readonly step: Step;
};

const seen = (what: string) => what;
const takeover = ({ release: { environment }, standby: { region } }: Two) =>
  ["failover", environment, "--to", region.place.region, "--yes"] as const;

/** The last payments before the cut reach the north alone. */
const losesHome = async (two: Two, paying: Payers): Promise<void> => {
  const { campus, old, release, step } = two;
  const { region } = campus;
  const lostAt = await step(
    `${region.place.region} is lost while they pay, and its copy lacks the last of it`,
    async () => {
      await paying.morePaid(paymentsAround);
      await holdBack(old);
      await paying.morePaid(lostPayments);
      region.lose();
      return new Date();
    },
    () => `${paying.receipts.length} had paid`,
  );
  const halted = paying.halt();
  await step("npm run failover", () => release.operator.must(...takeover(two), "--lost-at", lostAt.toISOString()), outageOf);
  await halted;
};

/** It comes back as it was, with machines that served and a database that writes. */
const comesBack = async ({ campus: { region, demo }, north, old }: Two, { token }: Student): Promise<string> => {
  const before = await receiptsIn(old);
  region.comeBack();
  await untilAll("the old machines only read", north, ({ database }) => database === "read_only");
  const ready = (await north.ask("GET", "/ready")).status;
  const order = (await north.ask("POST", "/api/v1/orders", token, orderIn(demo), randomUUID())).status;
  if (ready !== 503 || order !== 503) throw new Error(`the old region says ${ready} to /ready, and ${order} to an order.`);
  if ((await receiptsIn(old)).size !== before.size) throw new Error("the old region debited somebody after it was back.");
  return `it says ${ready} to /ready, and ${order} to an order`;
};

const findsWhatWasLost = async (two: Two, phones: readonly string[], accountant: Accountant): Promise<void> => {
  const { campus, standby, release, old, step } = two;
  const { instances, region } = standby;
  const [before, now] = [await receiptsIn(old), await receiptsIn(instances.at(region.place))];
  const unheard = phones.filter((id) => !before.has(id) && !now.has(id));
  if (unheard.length > 0) throw new Error(`${unheard.length} receipts that phones have stand in neither database.`);
  const { operator } = release;
  const address = instances.addressOf(campus.region.place);
  const compared = operator.with({
    ...(await accountant.environment()),
    OLD_DATABASE_URL: `postgres://${ownerRole}@${address}/campus?sslmode=verify-full&sslrootcert=${operator.authorityFile}`,
    OLD_DATABASE_PASSWORD: campus.secrets.ownerPassword,
    RECEIPT_KEYS: campus.secrets.app.RECEIPT_KEYS,
  });
  await step(
    "every lost receipt is listed, and no other",
    () => compared.must(...takeover(two)),
    (said) => lostAsListed(said, without(before, now)),
  );
};

const goesHome = async ({ campus, standby, release: { environment, operator }, step }: Two, paying: Payers): Promise<void> => {
  const { site, region } = campus;
  const { instances } = standby;
  const [home, away] = [region.place, standby.region.place];
  await step(`npm run failback makes a copy in ${home.region}`, async () => {
    await operator.must("failback", environment, "--yes");
    await until("the copy follows", inServiceWithinMs, async () => (await followersOf(instances.at(away))) === 1);
  });
  await step("npm run failback --home, while they pay", () => operator.must("failback", environment, "--home", "--yes"), outageOf);
  await step(`students pay in ${home.region} again`, async () => {
    await paying.morePaid(paymentsAround);
    await untilAll(`${home.region} serves`, site, ({ region: serving, replica }) => serving === home.region && replica === "ok");
  });
};

export const losesTheRegion = async (campus: Alive, students: readonly Student[], release: Release, step: Step): Promise<void> => {
  const { site, demo, region, standby } = campus;
  if (!standby) throw new Error("the standby does not stand here.");
  const { instances } = standby;
  const [home, away] = [region.place, standby.region.place];
  const [north, south] = [siteAt(campus, release.environment, home), siteAt(campus, release.environment, away)];
  const two: Two = { campus, standby, release, north, south, old: instances.at(home), step };
  const accountants = [new Accountant(demo, 0), new Accountant(demo, 1)] as const;

  await step("the second region stands by and says so", () => standsBy(south, standby, two.old), seen);
  const before = new Payers(site, demo, students);
  await losesHome(two, before);
  const after = new Payers(site, demo, students);
  await step(
    `students pay in ${away.region}, through the same edge`,
    async () => {
      await after.morePaid(paymentsAround);
      await untilAll(`${away.region} serves`, site, ({ region: serving }) => serving === away.region);
    },
    () => `of those whose payment was under way when the region was lost ${before.failures.length} had to begin anew`,
  );
  await step(`${home.region} is back, and its machines only read`, () => comesBack(two, students[0] as Student), seen);
  await findsWhatWasLost(two, before.receipts, accountants[0]);
  await step("two of finance bring them back", () => bringBack(campus, release, ...accountants), seen);
  await goesHome(two, after);
  await step("students paid since the region was lost", () => after.stop(instances.at(home)), seen);
  await step("the second region stands by again", () => standsBy(south, standby, instances.at(home)), seen);
};
