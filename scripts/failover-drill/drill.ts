import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { signAccessToken } from "../../app/identity/access-token.ts";
import { parseKeyring } from "../../app/identity/keyring.ts";
import { checkLedger } from "../../app/ledger/check-ledger.ts";
import { freePort } from "../../app/local/ports.ts";
import { startRedis } from "../../app/local/redis.ts";
import { type Database, sql } from "../../app/platform/postgres.ts";
import { createApi } from "../../app/testing/api-client.ts";
import { testConfig, testEnvironment } from "../../app/testing/configure.ts";
import { openPair, type Pair } from "../../app/testing/failover/pair.ts";
import { openOwner, type Region, startRegion } from "../../app/testing/failover/region.ts";
import { createMoney, type MoneyStudent } from "../../app/testing/money.ts";
import { createPeople } from "../../app/testing/people.ts";
import { randomOf } from "../../app/testing/proof/random.ts";
import type { DrillCampus, Truth } from "./drill-campus.ts";
import { reconcile } from "./reconcile.ts";
import { type Acknowledged, type Shop, startShopping } from "./shoppers.ts";

export interface DrillOptions {
  readonly seed: number;
  readonly students: number;
  /** How long people shop before the wire stalls. */
  readonly shopMs: number;
}

/** What one failover cost, and whether everything that it cost was found. */
export interface DrillOutcome {
  readonly seed: number;
  /** Receipts that phones were given before the first server died. */
  readonly acknowledged: number;
  /** Of these, how many the second server did not have. */
  readonly lost: number;
  readonly found: number;
  /** Of these, how many no phone brought: the lost server's disk had them. */
  readonly foundOnDisk: number;
  /** Cases of receipts that the second server had. */
  readonly falseCases: number;
  /** From the newest transaction that survived to the crash. */
  readonly rpoMs: number;
  readonly promotedMs: number;
  /** From the crash to the first answer of /ready in the second region. */
  readonly backMs: number;
  readonly reposted: number;
  readonly ordersLost: number;
  /** Orders that survived unpaid and were paid anew before anybody brought the old receipt. */
  readonly paidAgain: number;
  /** What is not as it has to be; empty where the drill passed. */
  readonly problems: readonly string[];
}

const fundedMinor = 100_000_000;
const longestTailMs = 1_200;
const shortestTailMs = 300;

const newPassword = () => randomBytes(24).toString("base64url");

/** Loses a region under load with a tail that its replica never got, goes on in the second one and finds what was lost. */
export async function drill(options: DrillOptions): Promise<DrillOutcome> {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-drill-"));
  await chmod(folder, 0o755);
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const pair = await openPair(folder, newPassword);
    undo.push(() => pair.end());
    const redis = await startRedis({ logFile: path.join(folder, "redis.log") });
    undo.push(() => redis.stop());
    return await run({ ...options, pair, redisUrl: redis.url, undo });
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

interface Run extends DrillOptions {
  readonly pair: Pair;
  readonly redisUrl: string;
  readonly undo: (() => Promise<unknown>)[];
}

async function run({ seed, students, shopMs, pair, redisUrl, undo }: Run): Promise<DrillOutcome> {
  const random = randomOf(seed);
  const ports = [await freePort(), await freePort()] as const;
  const home = environment(pair, "first", redisUrl);
  const firstRegion = await startRegion(home, ports);
  undo.push(() => firstRegion.lose());
  const owner = openOwner(pair.accessFirst, pair.passwords.owner);
  const campus = await settle(owner, home, ports, students);
  await pair.caughtUp();

  const crash = await crashUnderLoad({ pair, region: firstRegion, campus, shopMs, tailMs: shortestTailMs + random.below(longestTailMs) });
  await owner.end();
  await pair.promote();
  const promotedMs = Date.now() - crash.atMs;
  const secondRegion = await startRegion(environment(pair, "second", redisUrl), ports);
  undo.push(() => secondRegion.lose());
  const backMs = Date.now() - crash.atMs;

  const second = openOwner(pair.accessSecond, pair.passwords.owner);
  undo.push(() => second.end());
  const truth = await whatSurvived(second, crash.acknowledged);
  const problems = await brokenBooks(second, "after the promotion");
  const reconciled = await reconcile({ owner: second, pair, campus, acknowledged: crash.acknowledged, truth, random });
  problems.push(...reconciled.problems, ...(await brokenBooks(second, "at the end")));
  if (truth.lost.length === 0) problems.push("no receipt was lost: the drill has proved nothing");
  return {
    seed,
    acknowledged: crash.acknowledged.length,
    lost: truth.lost.length,
    found: reconciled.found,
    foundOnDisk: reconciled.foundOnDisk,
    falseCases: reconciled.falseCases,
    rpoMs: crash.atMs - truth.newestAtMs,
    promotedMs,
    backMs,
    reposted: reconciled.reposted,
    ordersLost: reconciled.ordersLost,
    paidAgain: reconciled.paidAgain,
    problems,
  };
}

function environment(pair: Pair, region: "first" | "second", redisUrl: string): Readonly<Record<string, string>> {
  const access = region === "first" ? pair.accessFirst : pair.accessSecond;
  return testEnvironment({
    DATABASE_URL: access.appUrl,
    DATABASE_PASSWORD: pair.passwords.app,
    // Nothing of the first region's memory comes along.
    REDIS_URL: `${redisUrl}/${region === "first" ? 0 : 1}`,
    CAMPUS_REGION: region,
    CAMPUS_EPOCH: region === "first" ? "1" : "2",
    CHARGE_SECONDS: "300",
    RATE_LIMIT_SCALE: "100000",
    LOG_LEVEL: "info",
  });
}

async function settle(
  owner: Database,
  env: Readonly<Record<string, string>>,
  ports: readonly [number, number],
  students: number,
): Promise<DrillCampus> {
  const urls = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`] as const;
  const api = createApi(urls);
  const keyring = parseKeyring(env.JWT_KEYS ?? "");
  const { PUBLIC_URL } = testConfig(env);
  const identity = {
    signAccessToken: (holder: Parameters<typeof signAccessToken>[1]) =>
      signAccessToken(keyring, holder, { issuer: PUBLIC_URL, lifeSeconds: 3_600, nowMs: Date.now() }),
  };
  const people = createPeople({ owner, identity, api });
  const money = createMoney({ ...people, owner, api, env, identity });
  const shop = async (): Promise<Shop> => {
    const till = await money.till();
    return { till, dish: await money.dish(till.cafe, 5_900) };
  };
  const shops = [await shop(), await shop()] as const;
  const accountants = [await people.staff("finance"), await people.staff("finance")] as const;
  const funded: MoneyStudent[] = [];
  for (let made = 0; made < students; made += 1) funded.push(await money.fundedStudent({ balanceMinor: fundedMinor }));
  return { students: funded, shops: [...shops], accountants, urls, fundedMinor };
}

interface CrashOptions {
  readonly pair: Pair;
  readonly region: Region;
  readonly campus: DrillCampus;
  readonly shopMs: number;
  readonly tailMs: number;
}

/** The wire stalls, people go on paying for a while, then the first region is gone at once. */
async function crashUnderLoad({ pair, region, campus, shopMs, tailMs }: CrashOptions) {
  const shopping = startShopping(campus.students, campus.shops);
  await pause(shopMs);
  await pair.caughtUp();
  pair.stall();
  await pause(tailMs);
  const atMs = Date.now();
  await Promise.all([pair.loseFirst(), region.lose()]);
  shopping.stop();
  await shopping.ended;
  return { atMs, acknowledged: shopping.acknowledged };
}

/** Asked of the database itself, before any of the code that is drilled. */
async function whatSurvived(owner: Database, acknowledged: readonly Acknowledged[]): Promise<Truth> {
  const transactions = await owner.rows<{ id: string }>(sql`select id from ledger_transactions where kind = 'debit'`);
  const survived = new Set(transactions.map(({ id }) => id));
  const receipts = await owner.rows<{ id: string }>(sql`select id from receipts`);
  const newest = await owner.row<{ at: Date }>(sql`select max(at) as at from ledger_transactions`);
  return {
    lost: acknowledged.filter(({ transactionId }) => !survived.has(transactionId)),
    survivedReceiptIds: new Set(receipts.map(({ id }) => id)),
    newestAtMs: newest?.at.getTime() ?? 0,
  };
}

async function brokenBooks(owner: Database, when: string): Promise<string[]> {
  const { invariants } = await checkLedger(owner);
  return invariants.filter(({ ok }) => !ok).map(({ id, sample }) => `${id} is broken ${when}: ${JSON.stringify(sample.slice(0, 2))}`);
}
