import { notFound } from "../platform/errors.ts";
import type { Language } from "../platform/languages.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export interface Profile {
  readonly id: string;
  readonly phone: string;
  readonly name: string | null;
  readonly language: Language;
  readonly notifyOrders: boolean;
  readonly notifyPayments: boolean;
  readonly requiresSignature: boolean;
  readonly createdAt: Date;
}

export type ProfileChange = Pick<Profile, "name" | "language" | "notifyOrders" | "notifyPayments">;

export async function readProfile(db: Queryable, studentId: string): Promise<Profile> {
  const profile = await db.row<Profile>(sql`
    select id, phone, name, language, notify_orders, notify_payments, requires_signature, created_at
    from students where id = ${studentId}`);
  if (!profile) throw notFound("The student");
  return profile;
}

export async function changeProfile(db: Queryable, studentId: string, change: ProfileChange): Promise<Profile> {
  const profile = await db.row<Profile>(sql`
    update students set name = ${change.name}, language = ${change.language}, notify_orders = ${change.notifyOrders},
      notify_payments = ${change.notifyPayments}, updated_at = now()
    where id = ${studentId} and erased_at is null
    returning id, phone, name, language, notify_orders, notify_payments, requires_signature, created_at`);
  if (!profile) throw notFound("The student");
  return profile;
}
