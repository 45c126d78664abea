import { createHash, randomBytes } from "node:crypto";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export interface GiftLink {
  readonly id: string;
  readonly limitMinor: number;
  readonly currency: string;
  readonly expiresAt: Date;
  readonly createdAt: Date;
}

const maxOpenLinks = 10;
const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

interface LinkInput {
  readonly studentId: string;
  readonly limitMinor: number;
  readonly lifeHours: number;
}

/** A new link, its token told this once. */
export async function makeGiftLink(
  { db, config }: Platform,
  { studentId, limitMinor, lifeHours }: LinkInput,
): Promise<GiftLink & { token: string }> {
  const token = randomBytes(16).toString("base64url");
  return db.transaction(async (tx) => {
    await tx.run(sql`select id from students where id = ${studentId} for update`);
    const open = await openLinks(tx, studentId);
    if (open.length >= maxOpenLinks) throw new CodedError("CONFLICT", `There are ${maxOpenLinks} open links: take one back first.`);
    const made = await tx.row<GiftLink>(sql`
      insert into gift_links (student_id, token_hash, limit_minor, currency, expires_at)
      values (${studentId}, ${hashOf(token)}, ${limitMinor}, coalesce((select currency from wallets where student_id = ${studentId}), ${config.CAMPUS_CURRENCY}),
        now() + make_interval(hours => ${lifeHours}))
      returning id, limit_minor, currency, expires_at, created_at`);
    if (!made) throw new Error("The link was not written.");
    return { ...made, token };
  });
}

export const openLinks = (db: Queryable, studentId: string): Promise<GiftLink[]> =>
  db.rows<GiftLink>(sql`
    select id, limit_minor, currency, expires_at, created_at from gift_links
    where student_id = ${studentId} and revoked_at is null and expires_at > now() order by id desc limit ${maxOpenLinks}`);

/** Takes a link back. What was paid by it before stays paid. */
export async function revokeGiftLink({ db }: Platform, linkId: string, studentId: string): Promise<void> {
  const gone = await db.run(
    sql`update gift_links set revoked_at = coalesce(revoked_at, now()) where id = ${linkId} and student_id = ${studentId}`,
  );
  if (gone !== 1) throw notFound("The link");
}

export interface Gift {
  readonly linkId: string;
  readonly studentId: string;
  readonly firstName: string | null;
  readonly currency: string;
  readonly limitMinor: number;
  readonly expiresAt: Date;
}

/** What whoever holds the link may know: a first name. Unknown, old, taken back and closed are one and the same answer. */
export async function readGift(db: Queryable, token: string): Promise<Gift> {
  const gift = await db.row<Gift>(sql`
    select l.id as link_id, l.student_id, split_part(s.name, ' ', 1) as first_name, l.currency, l.limit_minor, l.expires_at
    from gift_links l join students s on s.id = l.student_id left join wallets w on w.student_id = s.id
    where l.token_hash = ${hashOf(token)} and l.revoked_at is null and l.expires_at > now() and s.is_active
      and w.status is distinct from 'closed' and coalesce(w.currency, l.currency) = l.currency`);
  if (!gift) throw notFound("The link");
  return gift;
}
