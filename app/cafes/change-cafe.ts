import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import type { Cafe } from "./cafe.ts";
import { readCafe } from "./read-cafe.ts";
import { nameTaken } from "./register-cafe.ts";

const changeable = [
  "name",
  "wantedName",
  "address",
  "timeZone",
  "openingHours",
  "holidays",
  "pausedUntil",
  "pauseReason",
  "numberMatchRequired",
] as const;
type Changeable = Pick<Cafe, (typeof changeable)[number]>;

interface Input extends CafeActor {
  readonly role: string;
  /** What is not named stays as it is. */
  readonly change: { readonly [K in Exclude<keyof Changeable, "wantedName">]?: Changeable[K] | undefined };
}

/** Changes what is named. The row is locked first, so that two changes at once both hold and the trail tells each truly. */
export async function changeCafe(tx: Transaction, input: Input): Promise<Cafe> {
  const { cafeId, change } = input;
  await lockCafe(tx, cafeId);
  const before = await readCafe(tx, cafeId);
  const wanted: Changeable = { ...before, ...named(change), ...nameAs(before, input) };
  const changed = changeable.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(wanted[field]));
  if (changed.length === 0) return before;
  if (wanted.timeZone !== before.timeZone && input.role !== "admin")
    throw new CodedError("INSUFFICIENT_ROLE", "The time zone decides when a café's day ends and is settled: the university changes it.");
  await write(tx, cafeId, before, wanted);
  await auditActor(tx, input, {
    action: "cafe.changed",
    objectKind: "cafe",
    objectId: cafeId,
    details: Object.fromEntries(changed.map((field) => [field, { before: before[field], after: wanted[field] }])),
  });
  return readCafe(tx, cafeId);
}

/** People know a café by the name that was approved: another one waits until the university agrees. Its own name again takes that back. */
function nameAs({ status, name }: Cafe, { role, change }: Input): Partial<Changeable> {
  if (change.name === undefined) return {};
  if (status === "pending" || role === "admin") return { name: change.name, wantedName: null };
  return { name, wantedName: change.name === name ? null : change.name };
}

export async function lockCafe(tx: Transaction, cafeId: string): Promise<void> {
  // An order that is being placed holds a key share of this row: that one does not wait for us, nor we for it.
  if ((await tx.run(sql`select id from cafes where id = ${cafeId} for no key update`)) === 0) throw notFound("The café");
}

async function write(tx: Transaction, cafeId: string, before: Changeable, wanted: Changeable): Promise<void> {
  const next = wanted.wantedName ?? wanted.name;
  const isNameTaken =
    before.name.toLowerCase() !== next.toLowerCase() &&
    (await tx.row(sql`select id from cafes where lower(name) = lower(${next}) and id <> ${cafeId} limit 1`)) !== undefined;
  if (isNameTaken) throw nameTaken();
  try {
    await tx.run(sql`
      update cafes set name = ${wanted.name}, wanted_name = ${wanted.wantedName}, address = ${wanted.address}, time_zone = ${wanted.timeZone},
        opening_hours = ${wanted.openingHours === null ? null : JSON.stringify(wanted.openingHours)}::jsonb,
        holidays = ${JSON.stringify(wanted.holidays)}::jsonb, paused_until = ${wanted.pausedUntil}, pause_reason = ${wanted.pauseReason},
        number_match_required = ${wanted.numberMatchRequired}, updated_at = now()
      where id = ${cafeId}`);
  } catch (error) {
    if (violatedConstraint(error) === "cafes_registered_name") throw nameTaken();
    throw error;
  }
}

const named = (change: Input["change"]): Partial<Changeable> =>
  Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
