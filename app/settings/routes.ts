import { z } from "@hono/zod-openapi";
import { cafeQuery } from "../identity/field-schemas.ts";
import { actorOf, ownCafeOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { json, listOf, required, route, router, validationError } from "../platform/http/router.ts";
import { changeSetting } from "./change-setting.ts";
import { listSettings, type Setting } from "./list-settings.ts";
import { isSettingKey, numbersOf, type SettingKey, type SettingValue, settingTable, timeSlots } from "./setting-catalogue.ts";

const anyValue = z.union([z.boolean(), z.int(), timeSlots]);

const SettingSchema = z
  .object({
    key: z.string(),
    value: anyValue,
    source: z.enum(["cafe", "campus", "default"]).openapi({ description: "Who set it: the café, the university for all cafés, nobody." }),
    default_value: anyValue,
    numbers: z
      .object({ least: z.int(), most: z.int(), one_of: z.array(z.int()).openapi({ description: "Empty: any between these two" }) })
      .nullable()
      .openapi({ description: "What may be set, where it is a number" }),
    updated_at: z.iso.datetime().nullable(),
  })
  .openapi("Setting");

const who = staff("owner", "admin");
const query = cafeQuery.extend({
  cafe_id: z.uuid().optional().openapi({ description: "From an admin: which café; without it, all that have no value of their own." }),
});

const list = route({
  method: "get",
  path: "/admin/config",
  operationId: "listSettings",
  tags: ["settings"],
  summary: "What holds at the café, and who set it",
  who,
  errors: ["NOT_FOUND"],
  request: { query },
  responses: { 200: json(listOf(SettingSchema), "Every setting") },
});

const change = route({
  method: "put",
  path: "/admin/config/{key}",
  operationId: "changeSetting",
  tags: ["settings"],
  summary: "Set one value; null takes back what was set. It counts on every process at once",
  who,
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: {
    params: z.object({ key: z.string().openapi({ description: Object.keys(settingTable).join(", "), example: "restaurant_open" }) }),
    query,
    body: required(z.strictObject({ value: z.union([...anyValue.options, z.null()]) })),
  },
  responses: { 200: json(SettingSchema, "As it holds now") },
});

export const settingRoutes = ({ db }: Platform) =>
  router()
    .openapi(list, async (c) => {
      const settings = await listSettings(db, ownCafeOf(c, c.req.valid("query").cafe_id) ?? null);
      return c.json({ items: settings.map(presentSetting), next_cursor: null, total: settings.length }, 200);
    })
    .openapi(change, async (c) => {
      const { key } = c.req.valid("param");
      if (!isSettingKey(key)) throw notFound("A setting of this name");
      const input = {
        ...actorOf(c),
        cafeId: ownCafeOf(c, c.req.valid("query").cafe_id) ?? null,
        key,
        value: checkedValue(key, c.req.valid("json").value),
      };
      return c.json(presentSetting(await db.transaction((tx) => changeSetting(tx, input))), 200);
    });

function checkedValue(key: SettingKey, value: unknown): SettingValue | null {
  if (value === null) return null;
  const parsed = settingTable[key].value.safeParse(value);
  if (parsed.success) return parsed.data;
  throw validationError(
    "value",
    parsed.error.issues.map(({ path, message }) => ({ path, message: `of ${key}: ${message}` })),
  );
}

function presentSetting(setting: Setting): z.infer<typeof SettingSchema> {
  const numbers = numbersOf(setting.key);
  return {
    key: setting.key,
    value: setting.value,
    source: setting.source,
    default_value: setting.defaultValue,
    numbers: numbers && { least: numbers.least, most: numbers.most, one_of: [...numbers.oneOf] },
    updated_at: setting.updatedAt?.toISOString() ?? null,
  };
}
