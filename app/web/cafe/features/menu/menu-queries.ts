import { unwrap } from "../../../shared/api/request.ts";
import { categoriesApi, inCafe, itemsApi, settingsApi } from "../../api.ts";

const pagesAtMost = 10;

const askItems = (page: { readonly cursor?: string }) =>
  unwrap(itemsApi.admin.menu.items.$get({ query: { limit: 100, ...page, ...inCafe() } }));

export type Item = Awaited<ReturnType<typeof askItems>>["items"][number];

async function readItems(): Promise<Item[]> {
  const found: Item[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesAtMost; page += 1) {
    const { items, next_cursor } = await askItems(cursor === undefined ? {} : { cursor });
    found.push(...items);
    if (next_cursor === null) break;
    cursor = next_cursor;
  }
  return found.toSorted((one, other) => one.display_order - other.display_order || one.name.localeCompare(other.name));
}

export const itemsKey = ["cafe", "items"];
export const itemsQuery = { queryKey: itemsKey, queryFn: readItems };

const askCategories = () => unwrap(categoriesApi.admin.menu.categories.$get({ query: inCafe() }));
export type Category = Awaited<ReturnType<typeof askCategories>>["items"][number];

export const categoriesKey = ["cafe", "categories"];
export const categoriesQuery = {
  queryKey: categoriesKey,
  queryFn: async () => (await askCategories()).items.toSorted((one, other) => one.display_order - other.display_order),
};

export const settingsKey = ["cafe", "settings"];
export const settingsQuery = {
  queryKey: settingsKey,
  queryFn: async () => (await unwrap(settingsApi.admin.config.$get({ query: inCafe() }))).items,
};
export type Setting = Awaited<ReturnType<typeof settingsQuery.queryFn>>[number];
