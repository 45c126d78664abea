import { createHash } from "node:crypto";
import { openImageStore } from "../../images/image-store.ts";
import { imageWidths, pictureKey } from "../../images/image-urls.ts";
import { makeSizes } from "../../images/make-sizes.ts";
import type { Platform } from "../../platform/context.ts";
import { sql } from "../../platform/postgres.ts";
import { drawingOf } from "./dish-drawing.ts";

interface Pictured {
  readonly id: string;
  readonly cafeId: string;
  readonly name: string;
}

/** Draws a picture for each dish that has none, and again where the file of one of ours is gone. */
export async function addPictures(platform: Platform, dishes: readonly Pictured[]): Promise<void> {
  const store = openImageStore(platform.config);
  for (const dish of dishes) {
    const drawing = Buffer.from(drawingOf(dish.name));
    const imageKey = `images/${dish.cafeId}/${dish.id}/${createHash("sha256").update(drawing).digest("hex").slice(0, 32)}`;
    const row = await platform.db.row<{ imageKey: string | null }>(sql`select image_key from menu_items where id = ${dish.id}`);
    if (!row || (row.imageKey !== null && row.imageKey !== imageKey)) continue;
    if (row.imageKey !== null && (await store.get(pictureKey(imageKey, imageWidths.small), drawing.length * 1_000))) continue;
    for (const { width, bytes } of await makeSizes(drawing))
      await store.put(pictureKey(imageKey, width), bytes, {
        contentType: "image/webp",
        cacheControl: "public, max-age=31536000, immutable",
      });
    await platform.db.run(sql`update menu_items set image_key = ${imageKey} where id = ${dish.id} and image_key is null`);
  }
}
