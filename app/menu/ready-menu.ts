import { createHash } from "node:crypto";
import { CodedError } from "../platform/errors.ts";
import type { PageInput } from "../platform/page.ts";
import type { Menu, MenuItem } from "./menu.ts";
import { presentCategory, presentItem, presentOptions } from "./menu-schemas.ts";

/** An answer's bytes and their ETag, made once for many requests. */
export interface ReadyAnswer {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

export interface ItemFilter extends PageInput {
  readonly categoryId: string | undefined;
  /** A slot's name; null: between two slots, where an order takes whatever is on the menu. */
  readonly slot: string | null | undefined;
  readonly isVeg: boolean | undefined;
}

export interface ReadyMenu {
  readonly version: string | null;
  categories(): ReadyAnswer;
  items(filter: ItemFilter): ReadyAnswer;
  /** Of these, in this order, what is on the menu. */
  found(ids: readonly string[], filter: ItemFilter): ReadyAnswer;
  item(cafeId: string, itemId: string): ReadyAnswer | undefined;
}

// A café has a handful of categories and slots; whoever asks for more combinations waits for a stringify.
const maxLists = 50;

export function readyMenu(menu: Menu): ReadyMenu {
  const lists = new Map<string, ReadyAnswer>();
  const single = new Map<string, ReadyAnswer>();
  const once = (answers: Map<string, ReadyAnswer>, key: string, make: () => unknown): ReadyAnswer => {
    let answer = answers.get(key);
    if (!answer) {
      if (answers === lists && lists.size >= maxLists) lists.clear();
      answer = readyAnswer(make());
      answers.set(key, answer);
    }
    return answer;
  };
  const byId = new Map(menu.items.map((item) => [item.id, item]));
  const present = (item: MenuItem) => presentItem(item, menu.currency);
  return {
    version: menu.version,
    categories: () =>
      once(lists, "categories", () => ({ items: menu.categories.map(presentCategory), next_cursor: null, total: menu.categories.length })),
    items: (filter) =>
      once(lists, `${filter.categoryId}|${filter.slot}|${filter.isVeg}|${filter.limit}|${filter.after}`, () =>
        page(menu.items, filter, present),
      ),
    found: (ids, filter) =>
      readyAnswer(
        page(
          ids.flatMap((id) => byId.get(id) ?? []),
          filter,
          present,
        ),
      ),
    item(cafeId, itemId) {
      const item = byId.get(itemId);
      return item && once(single, itemId, () => ({ ...present(item), cafe_id: cafeId, options: presentOptions(item.options) }));
    },
  };
}

function page(items: readonly MenuItem[], filter: ItemFilter, present: (item: MenuItem) => unknown) {
  const fitting = items.filter((item) => fits(item, filter));
  const start = filter.after === undefined ? 0 : fitting.findIndex((item) => item.id === filter.after) + 1;
  if (filter.after !== undefined && start === 0) throw unknownCursor();
  const shown = fitting.slice(start, start + filter.limit);
  const next = start + filter.limit < fitting.length ? (shown.at(-1)?.id ?? null) : null;
  return { items: shown.map(present), next_cursor: next, total: fitting.length };
}

const fits = (item: MenuItem, { categoryId, slot, isVeg }: ItemFilter): boolean =>
  (categoryId === undefined || item.categoryId === categoryId) &&
  (slot === undefined || slot === null || item.timeSlots.length === 0 || item.timeSlots.includes(slot)) &&
  (isVeg === undefined || item.isVeg === isVeg);

const unknownCursor = () =>
  new CodedError("VALIDATION_ERROR", "The cursor's item has left this list: begin again without a cursor.", {
    details: { fields: [{ field: "query.cursor", problem: "is not in this list" }] },
  });

function readyAnswer(content: unknown): ReadyAnswer {
  const body = new TextEncoder().encode(JSON.stringify(content));
  return { body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
}
