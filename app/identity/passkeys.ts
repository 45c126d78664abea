import { isIP } from "node:net";
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Queryable, sql, violatedConstraint } from "../platform/postgres.ts";
import { auditActor } from "./actor.ts";
import type { Identity } from "./identity.ts";
import { mustChange, readStaffRow, type StaffRow } from "./log-in-staff.ts";
import { replaceRecoveryCodes } from "./recovery-codes.ts";
import { forgetBegun, readFactors } from "./second-factor.ts";

export interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

// Loaded with the first passkey: most processes of most campuses never see one.
const webAuthn = () => import("@simplewebauthn/server");

const challengeSeconds = 300;
const maxPasskeys = 10;

/** Passkeys belong to a host name, which an address of numbers is not; the own machine's has one. */
export function relyingParty({ PUBLIC_URL }: Pick<Platform["config"], "PUBLIC_URL">): { readonly id: string; readonly origin: string } {
  const url = new URL(PUBLIC_URL);
  if (loopback.includes(url.hostname)) url.hostname = "localhost";
  if (isIP(url.hostname.replaceAll(/[[\]]/g, "")) !== 0)
    throw new CodedError(
      "METHOD_UNAVAILABLE",
      "Passkeys need a host name, and this campus is reached by an address: use an authenticator app.",
    );
  return { id: url.hostname, origin: url.origin };
}

const loopback = ["127.0.0.1", "[::1]"];

/** What goes to the browser as it is. */
export interface Challenge {
  readonly challengeId: string;
  readonly options: Record<string, JsonValue>;
}

type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

const plain = (options: object): Record<string, JsonValue> => JSON.parse(JSON.stringify(options)) as Record<string, JsonValue>;

async function keepChallenge(db: Queryable, challenge: string, staffId: string | null): Promise<string> {
  const kept = await db.row<{ id: string }>(sql`
    insert into passkey_challenges (challenge, staff_id, expires_at)
    values (${challenge}, ${staffId}, clock_timestamp() + make_interval(secs => ${challengeSeconds})) returning id`);
  if (!kept) throw new Error("The challenge was not written.");
  return kept.id;
}

/** Each is answered once. */
async function takeChallenge(db: Queryable, id: string, staffId: string | null): Promise<string> {
  const taken = await db.row<{ challenge: string }>(sql`
    delete from passkey_challenges
    where id = ${id} and staff_id is not distinct from ${staffId}::uuid and expires_at > clock_timestamp() returning challenge`);
  if (!taken) throw notFound("The challenge");
  return taken.challenge;
}

/** What a browser needs to make a passkey that unlocks by finger, face or PIN and can be found without a name. */
export async function beginPasskey({ config, db }: Platform, staff: Pick<StaffRow, "id" | "username" | "name">): Promise<Challenge> {
  const { id: rpID } = relyingParty(config);
  const known = await db.rows<{ credentialId: string }>(sql`select credential_id from staff_passkeys where staff_id = ${staff.id}`);
  const options = await (await webAuthn()).generateRegistrationOptions({
    rpName: "Campus Pay",
    rpID,
    userName: staff.username,
    userDisplayName: staff.name,
    userID: new Uint8Array(Buffer.from(staff.id.replaceAll("-", ""), "hex")),
    excludeCredentials: known.map(({ credentialId }) => ({ id: credentialId })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
  return { challengeId: await keepChallenge(db, options.challenge, staff.id), options: plain(options) };
}

interface NewPasskey {
  readonly challengeId: string;
  readonly name: string;
  readonly response: RegistrationResponseJSON;
  readonly requestId: string;
}

/** Keeps the passkey. The first factor of an account brings recovery codes with it. */
export async function addPasskey(
  platform: Platform,
  staffId: string,
  { challengeId, name, response, requestId }: NewPasskey,
): Promise<{ readonly passkey: Passkey; readonly recoveryCodes: readonly string[] | null }> {
  const { id: rpId, origin } = relyingParty(platform.config);
  const challenge = await takeChallenge(platform.db, challengeId, staffId);
  const { verifyRegistrationResponse } = await webAuthn();
  const { registrationInfo } = await verifyRegistrationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
  }).catch((error: unknown) => {
    throw notProven(error);
  });
  if (!registrationInfo) throw notProven();
  const { credential } = registrationInfo;
  return platform.db.transaction(async (tx) => {
    await tx.run(sql`select id from staff where id = ${staffId} for no key update`);
    const { hasTotp, passkeys } = await readFactors(tx, staffId);
    if (passkeys >= maxPasskeys)
      throw new CodedError("CONFLICT", `There are ${maxPasskeys} passkeys already: remove one first.`, { details: { max: maxPasskeys } });
    const passkey = await tx
      .row<Passkey>(sql`
        insert into staff_passkeys (staff_id, name, credential_id, public_key, sign_count, transports)
        values (${staffId}, ${name}, ${credential.id}, ${Buffer.from(credential.publicKey)}, ${credential.counter}, ${credential.transports ?? []})
        returning id, name, created_at, last_used_at`)
      .catch((error: unknown) => {
        if (violatedConstraint(error) !== "staff_passkeys_credential_id_key") throw error;
        throw new CodedError("CONFLICT", "This passkey is registered already.", { cause: error });
      });
    if (!passkey) throw new Error("The passkey was not written.");
    await auditActor(tx, { staffId, requestId }, { action: "staff.passkey_added", objectKind: "passkey", objectId: passkey.id });
    const isFirst = !hasTotp && passkeys === 0;
    if (isFirst) await forgetBegun(tx, staffId);
    return { passkey, recoveryCodes: isFirst ? await replaceRecoveryCodes(platform, tx, staffId) : null };
  });
}

/** For a login: it names nobody, the passkey says whose it is. */
export async function beginPasskeyLogin({ config, db }: Platform): Promise<Challenge> {
  const { id: rpID } = relyingParty(config);
  const options = await (await webAuthn()).generateAuthenticationOptions({ rpID, userVerification: "required" });
  return { challengeId: await keepChallenge(db, options.challenge, null), options: plain(options) };
}

interface PasskeyRow {
  readonly staffId: string;
  readonly credentialId: string;
  readonly publicKey: Buffer;
  readonly signCount: number;
}

/** The active member of staff who holds the passkey: it is what one has and what one is or knows in one, so no password is asked for. */
export async function provePasskey({ config, db }: Platform, challengeId: string, response: AuthenticationResponseJSON): Promise<StaffRow> {
  const { id: rpId, origin } = relyingParty(config);
  const challenge = await takeChallenge(db, challengeId, null);
  const held = await db.row<PasskeyRow>(
    sql`select staff_id, credential_id, public_key, sign_count from staff_passkeys where credential_id = ${response.id}`,
  );
  if (!held) throw notProven();
  const { verifyAuthenticationResponse } = await webAuthn();
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
    credential: { id: held.credentialId, publicKey: new Uint8Array(held.publicKey), counter: Number(held.signCount) },
  }).catch((error: unknown) => {
    throw notProven(error);
  });
  if (!verified) throw notProven();
  const { newCounter } = authenticationInfo;
  // Asked once more as it is written: two answers at once with the same count are a passkey and its copy. Most phones count nothing: 0.
  const taken = await db.run(sql`
    update staff_passkeys set sign_count = ${newCounter}, last_used_at = now()
    where credential_id = ${held.credentialId} and (sign_count < ${newCounter} or (sign_count = 0 and ${newCounter} = 0))`);
  if (taken !== 1) throw notProven();
  const staff = await readStaffRow(db, held.staffId);
  if (!staff) throw notProven();
  if (staff.mustChangePassword) throw mustChange();
  return staff;
}

const notProven = (cause?: unknown) =>
  new CodedError("INVALID_CREDENTIALS", "This passkey does not open an account here.", cause === undefined ? {} : { cause });

export const listPasskeys = (db: Queryable, staffId: string): Promise<Passkey[]> =>
  db.rows<Passkey>(sql`select id, name, created_at, last_used_at from staff_passkeys where staff_id = ${staffId} order by id`);

/**
 * The last factor stays: without one the password alone would open the account, or set up the next one. Which passkey opened a
 * session is not written down, so all that one opened end, but the one that asks.
 */
export async function removePasskey(
  { db }: Platform,
  identity: Pick<Identity, "sessionsEnded">,
  { id: staffId, sessionId }: { readonly id: string; readonly sessionId: string },
  passkeyId: string,
  requestId: string,
): Promise<void> {
  const ended = await db.transaction(async (tx) => {
    await tx.run(sql`select id from staff where id = ${staffId} for no key update`);
    const { hasTotp, passkeys } = await readFactors(tx, staffId);
    if (!(await tx.row(sql`select id from staff_passkeys where id = ${passkeyId} and staff_id = ${staffId}`)))
      throw notFound("The passkey");
    if (!hasTotp && passkeys === 1) throw new CodedError("CONFLICT", "This is the last second factor: set up another one first.");
    await tx.run(sql`delete from staff_passkeys where id = ${passkeyId}`);
    await auditActor(tx, { staffId, requestId }, { action: "staff.passkey_removed", objectKind: "passkey", objectId: passkeyId });
    return tx.rows<{ id: string }>(sql`
      update sessions set revoked_at = clock_timestamp(), revoked_because = 'changed'
      where staff_id = ${staffId} and factor = 'passkey' and id <> ${sessionId} and revoked_at is null returning id`);
  });
  identity.sessionsEnded(ended.map(({ id }) => id));
}
