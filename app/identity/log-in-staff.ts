import { createHmac } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { type Database, part, type Queryable, sql } from "../platform/postgres.ts";
import { keyFor } from "../platform/seal.ts";
import type { StaffRole } from "./access-token.ts";
import type { Identity } from "./identity.ts";
import { knownBrowser } from "./known-browser.ts";
import { type Factor, openSession, type Session } from "./open-session.ts";
import type { Origin } from "./origin.ts";
import { type GivenFactor, judgeFactor, type NeedOf, secondFactorRequired } from "./second-factor.ts";

export interface StaffProof extends GivenFactor {
  readonly username: string;
  readonly password: string;
  readonly requestId: string;
  readonly origin: Origin;
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
  /** When a one-time password ends that nobody used. */
  readonly passwordEndsAt: Date | null;
}

const firstLockingFailure = 5;
const longestLockSeconds = 900;

/** Username, password and where it is needed a second factor open a session. Failures are counted by what was typed, whether or not somebody has that name. */
export async function logInStaff(platform: Platform, identity: Pick<Identity, "passwords">, input: StaffProof): Promise<Session> {
  const { staff, factor } = await proveStaff(platform, identity, input, "login");
  return openStaffSession(platform, staff, factor, input);
}

/** The session of somebody who proved who it is. */
export async function openStaffSession(
  { config, db, log, metrics }: Platform,
  staff: StaffRow,
  factor: Factor,
  { origin, requestId }: Pick<StaffProof, "origin" | "requestId">,
): Promise<Session> {
  const session = await db.transaction(async (tx) => {
    // Somebody may have deactivated this account, or given it another role or password, while the password was proved.
    const still = await tx.row(sql`
      select id from staff
      where id = ${staff.id} and is_active and role = ${staff.role} and password_hash = ${staff.passwordHash} for share`);
    if (!still) throw wrongPassword();
    const opened = await openSession(tx, config, { kind: "staff", ...staff }, factor, origin);
    await audit(tx, {
      actorKind: "staff",
      actorId: staff.id,
      action: "staff.logged_in",
      objectKind: "session",
      objectId: opened.id,
      cafeId: staff.cafeId,
      details: { factor, network: origin.network, address_hash: origin.addressHash },
      requestId,
    });
    return opened;
  });
  metrics.count("logins_total", { kind: "staff", outcome: "in" });
  log.info(
    { staff_id: staff.id, factor, network: origin.network, address_hash: origin.addressHash, request_id: requestId },
    "staff logged in",
  );
  return session;
}

const wrongPassword = () => new CodedError("INVALID_CREDENTIALS", "The username or the password is wrong.");

interface Proven {
  readonly staff: StaffRow;
  readonly factor: Factor;
}

interface Tried {
  readonly staff: StaffRow;
  readonly counter: Buffer;
  readonly refuse: (outcome: "refused" | "wrong_factor") => Promise<never>;
}

/**
 * The active member of staff whose username and password these are. The try stays counted: the right one forgives the wrong ones
 * when the second factor is proved too.
 */
async function provePassword(platform: Platform, identity: Pick<Identity, "passwords">, input: StaffProof): Promise<Tried> {
  const { db } = platform;
  const username = input.username.toLowerCase();
  const browser = await knownBrowser(platform, username, input.browser);
  identity.passwords.refuseIfFull(browser !== undefined);
  const counter = await failureCounterOf(platform, username, browser);
  const failures = await countTry(db, counter).catch((error: unknown) => {
    if (error instanceof CodedError) noteRefusal(platform, counter, input, "locked");
    throw error;
  });
  const staff = await readByName(db, username);
  const matches = await proved(identity, input.password, staff, browser !== undefined).catch(async (error: unknown) => {
    // The queue was full: nobody has looked at the password, so this was no try.
    await giveTryBack(db, counter);
    throw error;
  });
  const refuse = async (outcome: "refused" | "wrong_factor") => {
    noteRefusal(platform, counter, input, outcome);
    if (failures === firstLockingFailure) await auditLock(db, staff, input.requestId);
    throw wrongPassword();
  };
  if (!staff?.isActive || !matches || isOver(staff)) return refuse("refused");
  return { staff, counter, refuse };
}

/** The active member of staff whose username, password and second factor these are. */
export async function proveStaff(
  platform: Platform,
  identity: Pick<Identity, "passwords">,
  input: StaffProof,
  need: NeedOf,
): Promise<Proven> {
  const { db } = platform;
  const { staff, counter, refuse } = await provePassword(platform, identity, input);
  if (need === "login" && staff.mustChangePassword) {
    await giveTryBack(db, counter);
    throw mustChange();
  }
  const judged = await judgeFactor(platform, staff, input, need);
  if (judged.kind === "wrong") return refuse("wrong_factor");
  if (judged.kind === "missing") {
    // Half of a login in two steps. The count stays, so the step between two guesses at the code forgives nothing.
    await giveTryBack(db, counter);
    throw secondFactorRequired(judged.methods);
  }
  // Where a log-in asks for no code, it forgives no guesses at one either.
  await (judged.isWhole ? forgetFailures : giveTryBack)(db, counter);
  return { staff, factor: judged.factor };
}

/** For what proves a new second factor itself: a wrong one is a failed try, and only a right one forgives the wrong ones. */
export async function proveStaffBy<Result>(
  platform: Platform,
  identity: Pick<Identity, "passwords">,
  input: StaffProof,
  prove: (staff: StaffRow) => Promise<Result>,
): Promise<Result> {
  const { staff, counter, refuse } = await provePassword(platform, identity, input);
  const result = await prove(staff).catch(async (error: unknown) => {
    if (!(error instanceof CodedError) || !wrongFactorCodes.includes(error.code)) await giveTryBack(platform.db, counter);
    else await refuse("wrong_factor").catch(() => undefined);
    throw error;
  });
  await forgetFailures(platform.db, counter);
  return result;
}

const wrongFactorCodes: readonly string[] = ["INVALID_OTP", "INVALID_CREDENTIALS"];

const staffColumns = part`id, username, password_hash, name, role, cafe_id, is_active, must_change_password, password_ends_at`;

const readByName = (db: Database, username: string): Promise<StaffRow | undefined> =>
  db.row<StaffRow>(sql`select ${staffColumns} from staff where username = ${username}`);

export const readStaffRow = (db: Queryable, id: string): Promise<StaffRow | undefined> =>
  db.row<StaffRow>(sql`select ${staffColumns} from staff where id = ${id} and is_active`);

/** A one-time password that nobody used in time opens nothing; by the database's clock it was set, and a few seconds decide nothing. */
const isOver = ({ mustChangePassword, passwordEndsAt }: StaffRow): boolean =>
  mustChangePassword && passwordEndsAt !== null && passwordEndsAt.getTime() < Date.now();

export const mustChange = () =>
  new CodedError("CONFLICT", "This is a one-time password: choose your own with POST /api/v1/admin/auth/password, then log in.", {
    details: { must_change_password: true },
  });

/** The name as a keyed hash: what was typed may be a password. */
function noteRefusal({ log, metrics }: Platform, counter: Buffer, { origin, requestId }: StaffProof, outcome: string): void {
  metrics.count("logins_total", { kind: "staff", outcome });
  const name_hash = counter.toString("base64url").slice(0, 16);
  log.warn({ outcome, name_hash, network: origin.network, address_hash: origin.addressHash, request_id: requestId }, "staff login refused");
}

/** An unknown name waits as long as a known one and takes no place in the queue. */
async function proved(
  { passwords }: Pick<Identity, "passwords">,
  password: string,
  staff: StaffRow | undefined,
  isKnown: boolean,
): Promise<boolean> {
  if (staff) return passwords.verify(password, staff.passwordHash, isKnown);
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
 * Every try counts as a failure until it proved right, in one statement: a hundred guesses at once get no more
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
