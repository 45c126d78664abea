import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import { type Menu, readMenu } from "./menu.ts";
import { type ReadyMenu, readyMenu } from "./ready-menu.ts";

/** The public menus, ready to be sent. What is given was true at most half a second ago. */
export interface Menus {
  of(cafeId: string): Promise<CurrentMenu>;
  /** The café of an item that is on a menu, or was. */
  cafeOfItem(itemId: string): Promise<string>;
}

export interface CurrentMenu {
  readonly ready: ReadyMenu;
  /** The time slot that the café's clock reads now. */
  readonly slot: string | null;
}

interface Entry extends CurrentMenu {
  readonly checkedAtMs: number;
}

// With the look itself this stays well below the second within which a change must show.
const trustedForMs = 500;
const maxCafes = 500;
const maxKnownItems = 20_000;
const redisSeconds = 3_600;
// Raised when `Menu` changes its shape: another release's entry is then not taken for ours.
const shape = 1;

export function openMenus(platform: Platform): Menus {
  const entries = new Map<string, Entry>();
  const looking = new Map<string, Promise<Entry>>();
  const cafeOf = new Map<string, string>();

  const look = async (cafeId: string): Promise<Entry> => {
    const checkedAtMs = performance.now();
    const now = await platform.db.row<{ version: string | null; slot: string | null }>(sql`
      select v.version, slot_of(f.id, now()) as slot from cafes f left join menu_versions v on v.cafe_id = f.id
      where f.id = ${cafeId} and f.status = 'approved'`);
    if (!now) {
      entries.delete(cafeId);
      throw notFound("The café");
    }
    const known = entries.get(cafeId)?.ready;
    const ready = known?.version === now.version ? known : readyMenu(await fetchMenu(platform, cafeId, now.version));
    const entry = { ready, slot: now.slot, checkedAtMs };
    keep(entries, maxCafes, cafeId, entry);
    return entry;
  };

  return {
    async of(cafeId) {
      const entry = entries.get(cafeId);
      if (entry && performance.now() - entry.checkedAtMs < trustedForMs) return entry;
      let pending = looking.get(cafeId);
      if (!pending) {
        pending = look(cafeId).finally(() => looking.delete(cafeId));
        looking.set(cafeId, pending);
      }
      return pending;
    },
    async cafeOfItem(itemId) {
      const known = cafeOf.get(itemId);
      if (known !== undefined) return known;
      const row = await platform.db.row<{ cafeId: string }>(sql`select cafe_id from menu_items where id = ${itemId}`);
      if (!row) throw notFound("The item");
      keep(cafeOf, maxKnownItems, itemId, row.cafeId);
      return row.cafeId;
    },
  };
}

/** From Redis, where one process has put it for all; else from PostgreSQL. A version's menu never changes. */
async function fetchMenu({ db, cache }: Platform, cafeId: string, version: string | null): Promise<Menu> {
  const key = `menu:${cafeId}:${version}`;
  const stored = version === null ? null : await cache.use((redis) => redis.get(key));
  if (stored) {
    const { shape: storedShape, menu } = JSON.parse(stored) as { shape: number; menu: Menu };
    if (storedShape === shape) return menu;
  }
  const menu = await readMenu(db, cafeId);
  if (!menu) throw notFound("The café");
  if (menu.version !== null)
    await cache.use((redis) => redis.set(`menu:${cafeId}:${menu.version}`, JSON.stringify({ shape, menu }), "EX", redisSeconds));
  return menu;
}

/** Puts an entry in; past the limit the oldest goes. */
function keep<V>(map: Map<string, V>, limit: number, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}
