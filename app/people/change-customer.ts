import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Customer, type CustomerFields, readCustomer } from "./customer.ts";

const tell = (tx: Transaction, actor: CafeActor, action: string, customerId: string) =>
  auditActor(tx, actor, { action, objectKind: "customer", objectId: customerId });

/** Enters a customer of the café: anybody, with whatever the café was told. It is never matched with a student. */
export async function addCustomer(tx: Transaction, fields: CustomerFields, actor: CafeActor): Promise<Customer> {
  const added = await tx.row<{ id: string }>(sql`
    insert into customers (cafe_id, name, email, phone, address)
    select id, ${fields.name}, ${fields.email}, ${fields.phone}, ${fields.address} from cafes where id = ${actor.cafeId} returning id`);
  if (!added) throw notFound("The café");
  await tell(tx, actor, "customer.added", added.id);
  return readCustomer(tx, actor.cafeId, added.id);
}

/** Replaces what the café wrote about a customer, if it is still what was read. */
export async function changeCustomer(
  tx: Transaction,
  customerId: string,
  fields: CustomerFields & { readonly version: number },
  actor: CafeActor,
): Promise<Customer> {
  const before = await tx.row<{ version: number; isStudent: boolean }>(sql`
    select (extract(epoch from updated_at) * 1000000)::bigint as version, student_id is not null as is_student
    from customers where id = ${customerId} and cafe_id = ${actor.cafeId} for update`);
  if (!before) throw notFound("The customer");
  if (before.version !== fields.version)
    throw new CodedError("CONFLICT", "The customer was changed since you read it: read it again.", {
      details: { version: before.version },
    });
  if (fields.name === null && !before.isStudent)
    throw new CodedError("VALIDATION_ERROR", "The request does not fit: json.name is needed for a customer without orders of a student", {
      details: { fields: [{ field: "name", problem: "is needed" }] },
    });
  await tx.run(sql`
    update customers set name = ${fields.name}, email = ${fields.email}, phone = ${fields.phone}, address = ${fields.address},
      updated_at = clock_timestamp()
    where id = ${customerId}`);
  await tell(tx, actor, "customer.changed", customerId);
  return readCustomer(tx, actor.cafeId, customerId);
}

/** Forgets a customer. The orders stay; a student who orders here again is a new customer, of whom nothing is written down. */
export async function removeCustomer(tx: Transaction, customerId: string, actor: CafeActor): Promise<void> {
  const removed = await tx.run(sql`delete from customers where id = ${customerId} and cafe_id = ${actor.cafeId}`);
  if (removed === 0) throw notFound("The customer");
  await tell(tx, actor, "customer.removed", customerId);
}
