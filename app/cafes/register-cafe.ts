import { refuseCommonPassword } from "../identity/common-passwords.ts";
import type { Identity } from "../identity/identity.ts";
import { seenBudget } from "../identity/shared-budget.ts";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import { codesFor } from "./cafe-codes.ts";

interface Input {
  readonly name: string;
  readonly address: string | null;
  readonly timeZone: string | undefined;
  readonly ownerName: string;
  readonly username: string;
  readonly password: string;
  readonly network: string;
  readonly requestId: string;
}

export interface Registration {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly createdAt: Date;
}

const maxTries = 3;

/** A café that waits for its approval, and its owner, who can log in at once and prepare everything. */
export async function registerCafe(platform: Platform, { passwords }: Pick<Identity, "passwords">, input: Input): Promise<Registration> {
  refuseCommonPassword("password", input.password, input.username);
  await refuseIfTooMany(platform, input.network);
  const taken = await platform.db.row<{ name: boolean; username: boolean }>(sql`
    select exists (select from cafes where lower(name) = lower(${input.name})) as name,
      exists (select from staff where username = ${input.username}) as username`);
  if (taken?.name) throw nameTaken();
  if (taken?.username) throw usernameTaken();
  const passwordHash = await passwords.hash(input.password);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await platform.db.transaction((tx) => write(tx, platform, input, passwordHash));
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === "cafes_registered_name") throw nameTaken();
      if (constraint === "staff_username_key") throw usernameTaken();
      // Somebody else took the code that was free a moment ago.
      if (constraint !== "cafes_code_key" || attempt >= maxTries) throw error;
    }
  }
}

async function write(tx: Transaction, { config }: Platform, input: Input, passwordHash: string): Promise<Registration> {
  const cafe = await tx.row<Registration>(sql`
    insert into cafes (code, name, status, address, time_zone, currency, registered_at)
    select free.code, ${input.name}, 'pending', ${input.address}, ${input.timeZone ?? config.CAMPUS_TIME_ZONE}, ${config.CAMPUS_CURRENCY}, now()
    from (
      select w.code from unnest(${codesFor(input.name)}::text[]) with ordinality w (code, place)
      where not exists (select from cafes f where f.code = w.code) order by w.place limit 1) free
    returning id, code, name, created_at`);
  if (!cafe) throw new Error("No code is free for this café.");
  const owner = await tx.row<{ id: string }>(sql`
    insert into staff (username, password_hash, name, role, cafe_id)
    values (${input.username}, ${passwordHash}, ${input.ownerName}, 'owner', ${cafe.id}) returning id`);
  await audit(tx, {
    actorKind: "staff",
    actorId: owner?.id ?? null,
    action: "cafe.registered",
    objectKind: "cafe",
    objectId: cafe.id,
    cafeId: cafe.id,
    details: { name: cafe.name, username: input.username, network: input.network },
    requestId: input.requestId,
  });
  return cafe;
}

/**
 * Nobody is known yet, and an address is a whole campus: so all registrations together have one limit. Those that were written count,
 * so that nobody closes the door for the others by requests that fail. A network whose cafés wait for an approval gets half.
 */
async function refuseIfTooMany({ config, db, metrics }: Platform, network: string): Promise<void> {
  const hour = await db.row<{ count: number; wasted: number; waitSeconds: number }>(sql`
    select count(*)::int as count, count(*) filter (where f.status = 'pending' and a.details ->> 'network' = ${network})::int as wasted,
      coalesce(greatest(1, ceil(extract(epoch from min(registered_at) + interval '1 hour' - now()))), 1)::int as wait_seconds
    from cafes f left join audit_log a on a.object_kind = 'cafe' and a.object_id = f.id and a.action = 'cafe.registered'
    where registered_at > now() - interval '1 hour'`);
  const limit = config.RATE_CAFE_REGISTRATIONS_PER_HOUR * config.RATE_LIMIT_SCALE;
  const isFull = hour !== undefined && hour.count >= seenBudget(limit, { wasted: hour.wasted, of: limit });
  metrics.count("cafe_registrations_total", { outcome: isFull ? "shared_budget" : "taken" });
  if (isFull)
    throw new CodedError("RATE_LIMITED", "Too many cafés register at the moment: please try again later.", {
      retryAfterSeconds: hour.waitSeconds,
    });
}

export const nameTaken = () =>
  new CodedError("CONFLICT", "A café of this name is there already: choose another name.", { details: { field: "name" } });

const usernameTaken = () => new CodedError("CONFLICT", "This username is taken: choose another one.", { details: { field: "username" } });
