import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { maxItems } from "../menu/limits.ts";
import { openMenus } from "../menu/menu-cache.ts";
import type { Platform } from "../platform/context.ts";
import { settingsOf } from "../settings/settings.ts";
import { readOpenCafe } from "./read-cafe.ts";
import { presentCafePage } from "./schemas.ts";
import type { CafeTable } from "./tables.ts";

/** The student's page with café, table and menu inside: two round trips less on the way from the camera to the menu. */
export interface TablePages {
  /** The page; without a table the one that says so. Undefined where this process has no web apps. */
  html(table: (Pick<CafeTable, "code"> & { readonly cafeId: string }) | undefined): Promise<string | undefined>;
}

export function openTablePages(platform: Platform): TablePages {
  const menus = openMenus(platform);
  const readPage = openPage(platform.config.WEB_FOLDER);
  return {
    async html(table) {
      const page = await readPage();
      if (page === undefined) return undefined;
      const content = table ? await contentOf(platform, menus, table) : "null";
      return page.replace("</head>", () => `<script type="application/json" id="table">${content}</script></head>`);
    },
  };
}

async function contentOf(platform: Platform, menus: ReturnType<typeof openMenus>, table: { readonly cafeId: string }): Promise<string> {
  const { cafeId } = table;
  const [cafe, settings, { ready }] = await Promise.all([
    readOpenCafe(platform.db, cafeId),
    settingsOf(platform, cafeId),
    menus.of(cafeId),
  ]);
  const [categories, items] = [
    ready.categories(),
    ready.items({ categoryId: undefined, slot: undefined, isVeg: undefined, limit: maxItems, after: undefined }),
  ];
  const page = JSON.stringify(presentCafePage(cafe, settings, table as CafeTable));
  // A name that says "</script>" stays a name.
  return `{"cafe":${page},"categories":${Buffer.from(categories.body)},"items":${Buffer.from(items.body)}}`.replaceAll("<", "\\u003c");
}

/** Read again only when the build changed. */
function openPage(folder: string | undefined): () => Promise<string | undefined> {
  let known: { readonly changedMs: number; readonly text: string } | undefined;
  return async () => {
    if (folder === undefined) return undefined;
    const file = path.join(folder, "student", "index.html");
    const found = await stat(file).catch(() => undefined);
    if (!found) return undefined;
    if (known?.changedMs !== found.mtimeMs) known = { changedMs: found.mtimeMs, text: await readFile(file, "utf8") };
    return known.text;
  };
}
