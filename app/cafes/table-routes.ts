import { z } from "@hono/zod-openapi";
import { cafeQuery, nameField } from "../identity/field-schemas.ts";
import { cafeActorOf, cafeOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { once } from "../platform/http/once.ts";
import { everyone, json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { pageHeaders } from "../web/page-headers.ts";
import { addTable } from "./add-table.ts";
import { readCafe } from "./read-cafe.ts";
import { removeTable } from "./remove-table.ts";
import { openTablePages } from "./table-page.ts";
import { drawSheet, drawTable, tablesPerSheet } from "./table-pictures.ts";
import { type CafeTable, findTable, listTables, readTable, tableUrl } from "./tables.ts";

const TableBody = z
  .object({
    id: z.uuid(),
    label: z.string(),
    code: z.string(),
    url: z.string().openapi({ description: "What its QR code says." }),
    created_at: z.iso.datetime(),
  })
  .openapi("Table");

const TableParams = z.object({ tableId: z.uuid() });
const who = staff("owner", "admin");

const list = route({
  method: "get",
  path: "/admin/tables",
  operationId: "listTables",
  tags: ["tables"],
  summary: "The café's tables, oldest first",
  who,
  request: { query: listQuery.extend({ ...cafeQuery.shape }) },
  responses: { 200: json(listOf(TableBody), "A page of them") },
});

const add = route({
  method: "post",
  path: "/admin/tables",
  operationId: "addTable",
  tags: ["tables"],
  summary: "Add a table; it gets a code of its own",
  who,
  idempotency: "optional",
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { query: cafeQuery, body: required(z.strictObject({ label: nameField(30) })) },
  responses: { 201: json(TableBody, "The table") },
});

const remove = route({
  method: "delete",
  path: "/admin/tables/{tableId}",
  operationId: "removeTable",
  tags: ["tables"],
  summary: "Remove a table: its QR code leads nowhere from now on",
  who,
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params: TableParams, query: cafeQuery },
  responses: { 204: { description: "Removed" } },
});

const picture = route({
  method: "get",
  path: "/admin/tables/{tableId}/qr.svg",
  operationId: "getTableQr",
  tags: ["tables"],
  summary: "The table's QR code with its label, to be printed at any size",
  who,
  errors: ["NOT_FOUND"],
  request: { params: TableParams, query: cafeQuery },
  responses: { 200: { description: "The drawing", content: { "image/svg+xml": { schema: z.string() } } } },
});

const maxSheets = 100;

const printedSheet = route({
  method: "get",
  path: "/admin/tables/qr-sheet.png",
  operationId: "getTableSheet",
  tags: ["tables"],
  summary: "A page of A4 with twelve tables' QR codes, to be printed and cut",
  who,
  errors: ["NOT_FOUND", "RESTAURANT_CLOSED"],
  request: { query: cafeQuery.extend({ page: z.coerce.number().int().min(1).max(maxSheets).default(1) }) },
  responses: {
    200: { description: "The page", content: { "image/png": { schema: z.string().openapi({ format: "binary" }) } } },
  },
});

export const tableRoutes = ({ config, db }: Platform) => {
  const presentTable = (table: CafeTable): z.infer<typeof TableBody> => ({
    id: table.id,
    label: table.label,
    code: table.code,
    url: tableUrl(config.PUBLIC_URL, table.code),
    created_at: table.createdAt.toISOString(),
  });
  return router()
    .openapi(list, async (c) => {
      const { limit, cursor, cafe_id } = c.req.valid("query");
      const { items, next } = await listTables(db, cafeOf(c, cafe_id), { limit, after: cursor });
      return c.json({ items: items.map(presentTable), next_cursor: next }, 200);
    })
    .openapi(add, async (c) => {
      const input = { ...cafeActorOf(c, c.req.valid("query").cafe_id), label: c.req.valid("json").label };
      return once(c, "a day", async (tx) => ({ status: 201 as const, body: presentTable(await addTable(tx, input)) }));
    })
    .openapi(remove, async (c) => {
      const input = { ...cafeActorOf(c, c.req.valid("query").cafe_id), tableId: c.req.valid("param").tableId };
      await db.transaction((tx) => removeTable(tx, input));
      return c.body(null, 204);
    })
    .openapi(picture, async (c) => {
      const table = await readTable(db, cafeOf(c, c.req.valid("query").cafe_id), c.req.valid("param").tableId);
      if (!table) throw notFound("The table");
      return c.body(await drawTable(config.PUBLIC_URL, table), 200, { "Content-Type": "image/svg+xml" });
    })
    .openapi(printedSheet, async (c) => {
      const { page, cafe_id } = c.req.valid("query");
      const cafe = await readCafe(db, cafeOf(c, cafe_id));
      // It costs 0.13 s of a processor, and anybody may register a café.
      if (cafe.status !== "approved")
        throw new CodedError("RESTAURANT_CLOSED", "The sheet is drawn once the café is approved: before that its codes lead nowhere.");
      const { items } = await listTables(db, cafe.id, { limit: tablesPerSheet, skip: (page - 1) * tablesPerSheet });
      if (items.length === 0) throw notFound(`A table for page ${page}`);
      const png = await drawSheet(cafe.name, { publicUrl: config.PUBLIC_URL, tables: items });
      return c.body(new Uint8Array(png), 200, { "Content-Type": "image/png" });
    });
};

const openTable = route({
  method: "get",
  path: "/t/{code}",
  operationId: "openTable",
  tags: ["tables"],
  summary: "Where a table's QR code leads: the café's menu in the web app, with the table set",
  description: "A browser gets the page with café, table and menu inside; whoever takes no HTML is sent to its address.",
  who: everyone,
  errors: ["NOT_FOUND"],
  request: { params: z.object({ code: z.string() }) },
  responses: {
    200: { description: "The page", content: { "text/html": { schema: z.string() } } },
    302: { description: "To the web app", headers: z.object({ Location: z.string() }) },
  },
});

/** Stands at the root, so that the printed address is short. */
export const tableLinkRoutes = (platform: Platform) => {
  const pages = openTablePages(platform);
  const headers = pageHeaders({ frames: platform.config.CAMPUS_ENV === "sandbox" ? "own" : "none" });
  return router().openapi(openTable, async (c) => {
    const table = await findTable(platform.db, c.req.valid("param").code);
    const page = c.req.header("accept")?.includes("text/html") ? await pages.html(table) : undefined;
    if (page !== undefined) {
      for (const [name, value] of Object.entries(headers)) c.header(name, value);
      c.header("Cache-Control", "no-cache");
      return c.html(page, table ? 200 : (404 as 200));
    }
    if (!table) throw notFound("A table with this code");
    return c.redirect(`/?${new URLSearchParams({ cafe: table.cafeId, table: table.code })}`, 302);
  });
};
