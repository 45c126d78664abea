// Secrets get their next values while students pay, as docs/platform/secrets.md says, and nobody notices.

import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { scramVerifier } from "../../../app/host/database-roles.ts";
import { appRole, asSuperuser } from "../../../app/local/roles.ts";
import { randomWord } from "../../../app/local/secrets.ts";
import type { Alive } from "./alive.ts";
import { logIn, pay, refresh, type Student } from "./campus.ts";
import { Payers } from "./payers.ts";
import type { Release } from "./releases.ts";
import { inServiceWithinMs, type Step, until } from "./telling.ts";

const paymentsAround = 20;
/** Of two machines with two processes each, every one signs several times among so many, and in so long. */
const tokensInARow = 30;
const betweenTokensMs = 1_000;
const withoutOldReceiptSeconds = 60;

type Secrets = { readonly read: (slug: string) => Promise<string>; readonly put: (slug: string, value: string) => Promise<unknown> };

const secretsOf = ({ ask, region }: Alive, environment: string): Secrets => {
  const call = <T>(operation: string, slug: string, more = {}) =>
    ask<T>("secretsmanager", region.place.region, operation, { SecretId: `campus-${environment}/${slug}`, ...more });
  return {
    read: async (slug) => (await call<{ SecretString: string }>("get_secret_value", slug)).SecretString,
    put: (slug, SecretString) => call("put_secret_value", slug, { SecretString }),
  };
};

const firstKey = (text: string): string => (JSON.parse(text) as { keys: { kid: string }[] }).keys[0]?.kid ?? "";
const keyOfToken = (token: string): string =>
  (JSON.parse(Buffer.from(token.replace("Bearer ", "").split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid;

/** The role's password first, then the secret; then every connection is cut, so that none lives on from before. */
const rotatesTheDatabasePassword = async ({ cluster }: Alive, secrets: Secrets): Promise<string> => {
  const password = randomWord();
  await asSuperuser(cluster, "postgres", (client) =>
    client.query(`alter role ${appRole} password ${client.escapeLiteral(scramVerifier(password))}`),
  );
  await secrets.put("database-password", password);
  const startedAt = performance.now();
  return asSuperuser(cluster, "postgres", async (client) => {
    const mine = "from pg_stat_activity where usename = $1 and backend_start > $2";
    const kindsSince = async (since: string) => {
      const { rows } = await client.query<{ name: string }>(`select distinct application_name as name ${mine}`, [appRole, since]);
      return rows.map(({ name }) => name);
    };
    const before = await kindsSince("-infinity");
    const now = (await client.query<{ at: string }>("select now()::text as at")).rows[0]?.at ?? "";
    const { rowCount: cut } = await client.query(`select pg_terminate_backend(pid) ${mine}`, [appRole, "-infinity"]);
    await until(`${before.join(", ")} connect anew`, inServiceWithinMs, async () => (await kindsSince(now)).length === before.length);
    return `${cut} connections cut; ${before.join(", ")} are connected anew ${((performance.now() - startedAt) / 1_000).toFixed(1)} s later`;
  });
};

/** Both are valid until the secret has the new one; here by Redis' own ACL, which elasticache modify-user stands for. */
const rotatesTheRedisPassword = async ({ cache, secrets: { redisPassword } }: Alive, secrets: Secrets): Promise<string> => {
  const password = randomWord();
  const redis = new Redis(cache.url, { password: redisPassword });
  const clients = async () => String(await redis.call("CLIENT", "LIST")).match(/name=campus-pay-/g)?.length ?? 0;
  try {
    await redis.call("ACL", "SETUSER", "default", `>${password}`);
    await secrets.put("redis-password", password);
    await redis.call("ACL", "SETUSER", "default", `<${redisPassword}`);
    const before = await clients();
    for (const kind of ["normal", "pubsub"]) await redis.call("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes");
    const startedAt = performance.now();
    await until("Redis' clients are back with the new password", inServiceWithinMs, async () => (await clients()) >= before);
    return `${before} connections cut, all back with the new one ${((performance.now() - startedAt) / 1_000).toFixed(1)} s later`;
  } finally {
    redis.disconnect();
  }
};

/** Tokens of one session, until every process signs them with the new key. */
const signsTokensWith = async ({ site }: Alive, key: string, student: Student): Promise<Student> => {
  let latest = student;
  let row = 0;
  await until(`${tokensInARow} tokens in a row of the new key`, inServiceWithinMs, async () => {
    await pause(betweenTokensMs);
    latest = await refresh(site, latest);
    row = keyOfToken(latest.token) === key ? row + 1 : 0;
    return row >= tokensInARow;
  });
  return latest;
};

const signsReceiptsWith = ({ cluster }: Alive, key: string): Promise<void> =>
  until(`no receipt of the old key for ${withoutOldReceiptSeconds} s`, inServiceWithinMs, () =>
    asSuperuser(cluster, "campus", async (client) => {
      const text = "select extract(epoch from clock_timestamp() - max(created_at))::float as seconds from receipts where key_id <> $1";
      return ((await client.query<{ seconds: number }>(text, [key])).rows[0]?.seconds ?? 0) > withoutOldReceiptSeconds;
    }),
  );

export const rotates = async (
  campus: Alive,
  students: readonly Student[],
  { environment, operator }: Release,
  step: Step,
): Promise<void> => {
  const { site, demo, cluster, codeOf } = campus;
  const secrets = secretsOf(campus, environment);
  // On from one token to the next, while the others pay with those of the old key until the end.
  const newcomer = await logIn(site, demo, codeOf, students.length);
  const oldKey = keyOfToken(newcomer.token);
  const paying = new Payers(site, demo, students);
  await paying.morePaid(paymentsAround);
  await step("npm run rotate gives jwt-keys, receipt-keys and log-pepper their next values while they pay", async () => {
    for (const slug of ["jwt-keys", "receipt-keys", "log-pepper"]) await operator.must("rotate", environment, slug, "--again");
  });
  const [tokenKey, receiptKey] = [firstKey(await secrets.read("jwt-keys")), firstKey(await secrets.read("receipt-keys"))];
  if (tokenKey === oldKey) throw new Error("the first key of jwt-keys is the old one.");
  const seen = (what: string) => what;
  await step("the app's password in the database changes", () => rotatesTheDatabasePassword(campus, secrets), seen);
  await step("the password of Redis changes", () => rotatesTheRedisPassword(campus, secrets), seen);
  await paying.morePaid(paymentsAround);
  await step("every process signs receipts with the new key", () => signsReceiptsWith(campus, receiptKey));
  const latest = await step("every process signs tokens with the new key", () => signsTokensWith(campus, tokenKey, newcomer));
  await step("a token of the new key pays", () => pay(site, demo, latest));
  await step(
    "students paid meanwhile, with tokens of the old key",
    () => paying.stop(cluster),
    (found) => found,
  );
};
