import { z } from "@hono/zod-openapi";
import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { everyone, route, router } from "../platform/http/router.ts";
import { openImageStore } from "./image-store.ts";

const maxPictureBytes = 5 * 1024 * 1024;

const read = route({
  method: "get",
  path: "/images/{cafeId}/{subjectId}/{hash}/{file}",
  operationId: "getPicture",
  tags: ["menu"],
  summary: "A picture of the menu. What is at an address never changes",
  who: everyone,
  errors: ["NOT_FOUND"],
  request: {
    params: z.object({
      cafeId: z.uuid(),
      subjectId: z.uuid(),
      hash: z.string().regex(/^[0-9a-f]{32}$/, "must be a hash"),
      file: z.enum(["160.webp", "480.webp", "960.webp"]),
    }),
  },
  responses: {
    200: { description: "The picture", content: { "image/webp": { schema: z.string().openapi({ format: "binary" }) } } },
    304: { description: "It never changes" },
  },
});

/** At the root, as the content delivery network serves the same addresses from the bucket. */
export function pictureRoutes({ config }: Platform) {
  const store = openImageStore(config);
  return router().openapi(read, async (c) => {
    const { cafeId, subjectId, hash, file } = c.req.valid("param");
    c.header("Cache-Control", "public, max-age=31536000, immutable");
    c.header("ETag", `"${hash}"`);
    if (c.req.header("if-none-match")?.includes(hash)) return c.body(null, 304);
    const bytes = await store.get(`images/${cafeId}/${subjectId}/${hash}/${file}`, maxPictureBytes);
    if (!bytes) {
      c.header("Cache-Control", "no-store");
      throw notFound("The picture");
    }
    c.header("Content-Type", "image/webp");
    return c.body(new Uint8Array(bytes), 200);
  });
}
