import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { maxChoicesOfMenu } from "./limits.ts";
import { refuseTakenName } from "./taken-name.ts";

export interface WantedGroup {
  /** Of a group that is kept; a new one has none. */
  readonly id: string | undefined;
  readonly name: string;
  readonly minChoices: number;
  readonly maxChoices: number;
  readonly choices: readonly WantedChoice[];
}

export interface WantedChoice {
  readonly id: string | undefined;
  readonly name: string;
  readonly priceMinor: number;
  readonly isAvailable: boolean;
}

/**
 * Makes the item's options what is wanted, in this order. What keeps its id stays the same option, so that a basket on a
 * phone still names it; what is not named goes. The caller holds the item's row.
 */
export async function writeOptions(tx: Transaction, cafeId: string, itemId: string, groups: readonly WantedGroup[]): Promise<void> {
  await refuseForeignIds(tx, itemId, groups);
  await tx.run(sql`delete from menu_option_groups where item_id = ${itemId} and not id = any (${idsOf(groups)}::uuid[])`);
  await tx.run(sql`
    delete from menu_option_choices c using menu_option_groups g
    where g.id = c.group_id and g.item_id = ${itemId} and not c.id = any (${idsOf(groups.flatMap((group) => group.choices))}::uuid[])`);
  if (groups.length === 0) return;
  const written = await refuseTakenName(writeGroups(tx, itemId, groups));
  const idOfPlace = new Map(written.map(({ displayOrder, id }) => [displayOrder, id]));
  const choices = groups.flatMap((group, place) =>
    group.choices.map((choice, order) => ({ ...choice, id: choice.id ?? null, groupId: idOfPlace.get(place), displayOrder: order })),
  );
  await refuseTakenName(
    tx.run(sql`
      insert into menu_option_choices (id, group_id, name, price_minor, is_available, display_order)
      select coalesce(w.id, uuidv7()), w."groupId", w.name, w."priceMinor", w."isAvailable", w."displayOrder"
      from jsonb_to_recordset(${JSON.stringify(choices)}::jsonb)
        w (id uuid, "groupId" uuid, name text, "priceMinor" bigint, "isAvailable" boolean, "displayOrder" integer)
      on conflict (id) do update set group_id = excluded.group_id, name = excluded.name, price_minor = excluded.price_minor,
        is_available = excluded.is_available, display_order = excluded.display_order`),
  );
  await refuseTooMany(tx, cafeId);
}

/** Whoever writes options of this café at the same moment waits: what both write is counted. */
async function refuseTooMany(tx: Transaction, cafeId: string): Promise<void> {
  // An order that is being placed holds a key share of this row: that one does not wait.
  await tx.run(sql`select from cafes where id = ${cafeId} for no key update`);
  const menu = await tx.row<{ choices: number }>(sql`
    select count(*)::int as choices from menu_items m join menu_option_groups g on g.item_id = m.id join menu_option_choices c on c.group_id = g.id
    where m.cafe_id = ${cafeId} and m.deleted_at is null`);
  if (menu && menu.choices > maxChoicesOfMenu)
    throw new CodedError(
      "CONFLICT",
      `A menu has at most ${maxChoicesOfMenu} choices over all its items: with these it would have ${menu.choices}.`,
      {
        details: { because: "too_many_choices", current: menu.choices, max: maxChoicesOfMenu },
      },
    );
}

function writeGroups(tx: Transaction, itemId: string, groups: readonly WantedGroup[]): Promise<{ id: string; displayOrder: number }[]> {
  const rows = groups.map(({ id, name, minChoices, maxChoices }, displayOrder) => ({
    id: id ?? null,
    name,
    minChoices,
    maxChoices,
    displayOrder,
  }));
  return tx.rows(sql`
    insert into menu_option_groups (id, item_id, name, is_required, min_choices, max_choices, display_order)
    select coalesce(w.id, uuidv7()), ${itemId}, w.name, w."minChoices" > 0, w."minChoices", w."maxChoices", w."displayOrder"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      w (id uuid, name text, "minChoices" smallint, "maxChoices" smallint, "displayOrder" integer)
    on conflict (id) do update set name = excluded.name, is_required = excluded.is_required, min_choices = excluded.min_choices,
      max_choices = excluded.max_choices, display_order = excluded.display_order
    returning id, display_order`);
}

/** An id is taken only where it is this item's own: another one would pull a choice out of another menu. */
async function refuseForeignIds(tx: Transaction, itemId: string, groups: readonly WantedGroup[]): Promise<void> {
  const named = [...idsOf(groups), ...idsOf(groups.flatMap((group) => group.choices))];
  if (named.length === 0) return;
  const own = await tx.rows<{ id: string }>(sql`
    select id from menu_option_groups where item_id = ${itemId}
    union all select c.id from menu_option_choices c join menu_option_groups g on g.id = c.group_id where g.item_id = ${itemId}`);
  const known = new Set(own.map((row) => row.id));
  const foreign = named.filter((id) => !known.has(id));
  if (foreign.length > 0 || new Set(named).size < named.length)
    throw new CodedError(
      "VALIDATION_ERROR",
      "An option's id must be one that this item has, and each once: leave it out for a new option.",
      {
        details: { fields: foreign.map((id) => ({ field: "options", problem: `${id} is not an option of this item` })) },
      },
    );
}

const idsOf = (wanted: readonly { readonly id: string | undefined }[]): string[] => wanted.flatMap(({ id }) => id ?? []);
