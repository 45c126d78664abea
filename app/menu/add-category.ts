import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Category, readCategory } from "./category.ts";
import { maxCategories } from "./limits.ts";
import { refuseTakenName } from "./taken-name.ts";

interface NewCategory {
  readonly name: string;
  readonly displayOrder: number;
  readonly isActive: boolean;
}

export async function addCategory(tx: Transaction, actor: CafeActor, input: NewCategory): Promise<Category> {
  const cafe = await tx.row<{ categories: number }>(sql`
    select (select count(*) from categories where cafe_id = f.id) as categories from cafes f where f.id = ${actor.cafeId}`);
  if (!cafe) throw notFound("The café");
  if (cafe.categories >= maxCategories)
    throw new CodedError("CONFLICT", `A menu has at most ${maxCategories} categories: remove one first.`);
  const added = await refuseTakenName(
    tx.row<{ id: string }>(sql`
      insert into categories (cafe_id, name, display_order, is_active)
      values (${actor.cafeId}, ${input.name}, ${input.displayOrder}, ${input.isActive}) returning id`),
  );
  if (!added) throw new Error("The category was not written.");
  await auditActor(tx, actor, { action: "category.added", objectKind: "category", objectId: added.id, details: { name: input.name } });
  const category = await readCategory(tx, actor.cafeId, added.id);
  if (!category) throw new Error("The category that was just written is not there.");
  return category;
}
