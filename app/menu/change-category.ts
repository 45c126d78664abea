import { auditActor, type CafeActor } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Category, readCategory } from "./category.ts";
import { refuseTakenName } from "./taken-name.ts";

/** What is left out stays as it is. */
interface CategoryChange {
  readonly name: string | undefined;
  readonly displayOrder: number | undefined;
  readonly isActive: boolean | undefined;
}

export async function changeCategory(tx: Transaction, actor: CafeActor, categoryId: string, change: CategoryChange): Promise<Category> {
  const changed = await refuseTakenName(
    tx.run(sql`
      update categories set name = coalesce(${change.name ?? null}, name), display_order = coalesce(${change.displayOrder ?? null}, display_order),
        is_active = coalesce(${change.isActive ?? null}, is_active)
      where id = ${categoryId} and cafe_id = ${actor.cafeId}`),
  );
  if (changed === 0) throw notFound("The category");
  await auditActor(tx, actor, { action: "category.changed", objectKind: "category", objectId: categoryId, details: { ...change } });
  const category = await readCategory(tx, actor.cafeId, categoryId);
  if (!category) throw notFound("The category");
  return category;
}
