import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { part, sql, type Transaction } from "../platform/postgres.ts";
import type { Subject } from "./image.ts";
import type { ImageType } from "./image-type.ts";

export const uploadSeconds = 600;
// Enough for an owner who tries again and again; too few to fill a disk.
const maxPending = 20;

interface Announced {
  readonly contentType: ImageType;
  readonly sizeBytes: number;
}

/** Announces a picture of an item or a category. Nothing is shown of it before its bytes have come and were checked. */
export async function beginUpload(
  tx: Transaction,
  actor: CafeActor,
  subject: Subject,
  { contentType, sizeBytes }: Announced,
): Promise<{ id: string; expiresAt: Date }> {
  const { cafeId, staffId } = actor;
  const cafe = await tx.row<{ status: string }>(sql`select status from cafes where id = ${cafeId}`);
  if (cafe?.status !== "approved")
    throw new CodedError("CONFLICT", "Pictures are taken once the university has approved the café.", {
      details: { status: cafe?.status },
    });
  const pending = await tx.row<{ count: number }>(sql`
    select count(*) as count from images where cafe_id = ${cafeId} and image_key is null and expires_at > now()`);
  if (pending && pending.count >= maxPending)
    throw new CodedError("CONFLICT", `${maxPending} uploads are announced and not done: finish some, or wait ten minutes.`);
  const [column, own] =
    subject.kind === "item"
      ? [part`item_id`, part`menu_items where id = ${subject.id} and cafe_id = ${cafeId} and deleted_at is null`]
      : [part`category_id`, part`categories where id = ${subject.id} and cafe_id = ${cafeId}`];
  const begun = await tx.row<{ id: string; expiresAt: Date }>(sql`
    insert into images (cafe_id, ${column}, content_type, size_bytes, staff_id, expires_at)
    select cafe_id, id, ${contentType}, ${sizeBytes}::integer, ${staffId}::uuid, now() + make_interval(secs => ${uploadSeconds}) from ${own}
    returning id, expires_at`);
  if (!begun) throw notFound(subject.kind === "item" ? "The item" : "The category");
  await auditActor(tx, actor, { action: "image.announced", objectKind: objectKindOf(subject), objectId: subject.id });
  return begun;
}

export const objectKindOf = (subject: Subject): "menu_item" | "category" => (subject.kind === "item" ? "menu_item" : "category");
