// The region that serves is lost while students pay: the other one takes over by the commands of the runbooks, what was lost is found and
// brought back, and the campus goes home.

import { randomUUID } from "node:crypto";
import type { Cluster } from "../../../app/local/cluster.ts";
import { followersOf, holdBack } from "../../../app/local/copies.ts";
import { ownerRole } from "../../../app/local/roles.ts";
import { originHeader, placeOriginName } from "../../../stacks/origins.ts";
import { environmentNamed } from "../../release/target.ts";
import { Accountant } from "./accountant.ts";
import type { Alive, Standby } from "./alive.ts";
import { firstPage, healthOf, untilAll } from "./answers.ts";
import { orderIn, Site, type Student } from "./campus.ts";
import { bringBack, lostAsListed, receiptsIn, without } from "./lost-receipts.ts";
import { Payers } from "./payers.ts";
import type { Place } from "./places.ts";
import type { Release } from "./releases.ts";
import { inServiceWithinMs, type Step, until } from "./telling.ts";

const paymentsAround = 20;
/** Receipts that phones have and the copy does not get. */
const lostPayments = 5;
const longestOutageSeconds = 600;

/** A region's load balancer, asked as the edge asks it, whoever serves. */
const siteAt = ({ distribution, certificates }: Alive, environment: string, { place, balancer }: Place): Site => {
  const headers = distribution.Origins.Items.flatMap(({ CustomHeaders }) => CustomHeaders.Items ?? []);
  const key = headers.find(({ HeaderName }) => HeaderName.toLowerCase() === originHeader)?.HeaderValue ?? "";
  return new Site(placeOriginName(environmentNamed(environment), place), certificates.authority, balancer, { [originHeader]: key });
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

/** What the command prints of the outage; one of more than ten minutes fails. */
const outageOf = (said: string): string => {
  const [line, minutes, seconds] = /RTO (\d+) min (\d+) s.*/.exec(said) ?? [];
  if (!line) throw new Error(`npm run failover does not say how long it took: ${said.slice(-500)}`);
  if (Number(minutes) * 60 + Number(seconds) > longestOutageSeconds) throw new Error(`${line}: longer than ten minutes.`);
  return line;
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
  await step("the pages come from the other region's bucket", () => firstPage(site));
  await step(`${home.region} is back, and its machines only read`, () => comesBack(two, students[0] as Student), seen);
  await findsWhatWasLost(two, before.receipts, accountants[0]);
  await step("two of finance bring them back", () => bringBack(campus, release, ...accountants), seen);
  await goesHome(two, after);
  await step("students paid since the region was lost", () => after.stop(instances.at(home)), seen);
  await step("the second region stands by again", () => standsBy(south, standby, instances.at(home)), seen);
};
