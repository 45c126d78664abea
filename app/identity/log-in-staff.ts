import { createHmac } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { type Database, sql } from "../platform/postgres.ts";
import { keyFor } from "../platform/seal.ts";
import type { StaffRole } from "./access-token.ts";
import type { Identity } from "./identity.ts";
import { knownBrowser } from "./known-browser.ts";
import { openSession, type Session } from "./open-session.ts";

interface Input {
  readonly username: string;
  readonly password: string;
  readonly requestId: string;
  /** What the browser carries of an earlier login. */
  readonly browser?: string | undefined;
}

export interface StaffRow {
  readonly id: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly name: string;
  readonly role: StaffRole;
  readonly cafeId: string | null;
  readonly isActive: boolean;
  /** The password is a one-time one: it opens nothing but the change of itself. */
  readonly mustChangePassword: boolean;
}

const firstLockingFailure = 5;
const longestLockSeconds = 900;

/** Username and password open a session. Failures are counted by what was typed, whether or not somebody has that name. */
export async function logInStaff(platform: Platform, identity: Pick<Identity, "passwords">, input: Input): Promise<Session> {
  const staff = await provePassword(platform, identity, input);
  if (staff.mustChangePassword)
    throw new CodedError("CONFLICT", "This is a one-time password: choose your own with POST /api/v1/admin/auth/password, then log in.", {
      details: { must_change_password: true },
    });
  const session = await platform.db.transaction(async (tx) => {
    // Somebody may have deactivated this account, or given it another role or password, while the password was proved.
    const still = await tx.row(sql`
      select id from staff
      where id = ${staff.id} and is_active and role = ${staff.role} and password_hash = ${staff.passwordHash} for share`);
    if (!still) throw new CodedError("INVALID_CREDENTIALS", "The username or the password is wrong.");
    return openSession(tx, platform.config, { kind: "staff", ...staff });
  });
  platform.metrics.count("logins_total", { kind: "staff", outcome: "in" });
  return session;
}

/** The active member of staff whose username and password these are. Every try is counted, the right one forgives the wrong ones. */
export async function provePassword(platform: Platform, identity: Pick<Identity, "passwords">, input: Input): Promise<StaffRow> {
  const { db, metrics } = platform;
  const username = input.username.toLowerCase();
  const browser = await knownBrowser(platform, username, input.browser);
  identity.passwords.refuseIfFull(browser !== undefined);
  const counter = await failureCounterOf(platform, username, browser);
  const failures = await countTry(db, counter).catch((error: unknown) => {
    if (error instanceof CodedError) metrics.count("logins_total", { kind: "staff", outcome: "locked" });
    throw error;
  });
  const staff = await db.row<StaffRow>(
    sql`select id, username, password_hash, name, role, cafe_id, is_active, must_change_password from staff where username = ${username}`,
  );
  const matches = await proved(identity, input.password, staff).catch(async (error: unknown) => {
    // The queue was full: nobody has looked at the password, so this was no try.
    await giveTryBack(db, counter);
    throw error;
  });
  if (!staff?.isActive || !matches) {
    metrics.count("logins_total", { kind: "staff", outcome: "refused" });
    if (failures === firstLockingFailure) await auditLock(db, staff, input.requestId);
    throw new CodedError("INVALID_CREDENTIALS", "The username or the password is wrong.");
  }
  await forgetFailures(db, counter);
  return staff;
}

/** An unknown name waits as long as a known one and takes no place in the queue. */
async function proved({ passwords }: Pick<Identity, "passwords">, password: string, staff: StaffRow | undefined): Promise<boolean> {
  if (staff) return passwords.verify(password, staff.passwordHash);
  await pause(passwords.typicalMs());
  return false;
}

/** By the name that was typed, known or not; a browser in which that name has logged in before has a counter of its own. */
export async function failureCounterOf({ secrets }: Pick<Platform, "secrets">, username: string, browser?: string): Promise<Buffer> {
  return createHmac("sha256", keyFor(await secrets.get("SEAL_KEY"), "login"))
    .update(browser === undefined ? username : `${browser}|${username}`)
    .digest();
}

export const forgetFailures = (db: Pick<Database, "run">, counter: Buffer) =>
  db.run(sql`delete from login_failures where username_hash = ${counter}`);

const giveTryBack = (db: Database, counter: Buffer) =>
  db.run(sql`update login_failures set failures = greatest(failures - 1, 0), locked_until = null where username_hash = ${counter}`);

/**
 * Every try counts as a failure until the password proved right, in one statement: a hundred guesses at once get no more
 * tries than a hundred in a row. From the fifth on each locks the name, for 1 s, 2 s, 4 s … 15 min.
 */
async function countTry(db: Database, usernameHash: Buffer): Promise<number> {
  const counted = await db.row<{ failures: number }>(sql`
    insert into login_failures as known (username_hash, failures, last_at) values (${usernameHash}, 1, now())
    on conflict (username_hash) do update set
      failures = least(known.failures + 1, 1000),
      last_at = now(),
      locked_until = case when known.failures + 1 >= ${firstLockingFailure}
        then now() + make_interval(secs => least(${longestLockSeconds}, power(2, least(known.failures + 1 - ${firstLockingFailure}, 20)))) end
    where known.locked_until is null or known.locked_until <= now()
    returning failures`);
  if (counted) return counted.failures;
  const locked = await db.row<{ seconds: number }>(
    sql`select greatest(1, ceil(extract(epoch from locked_until - now())))::int as seconds from login_failures where username_hash = ${usernameHash}`,
  );
  throw new CodedError("RATE_LIMITED", "Too many failed logins with this username: please wait.", {
    retryAfterSeconds: locked?.seconds ?? 1,
  });
}

const auditLock = (db: Database, staff: StaffRow | undefined, requestId: string) =>
  audit(db, {
    actorKind: "system",
    actorId: null,
    action: "staff.login_locked",
    objectKind: "staff",
    objectId: staff?.id ?? null,
    cafeId: staff?.cafeId ?? null,
    requestId,
  });
