import { createHash } from "node:crypto";
import { openImageStore } from "../../images/image-store.ts";
import { imageWidths, pictureKey } from "../../images/image-urls.ts";
import { resizeImage } from "../../images/resize-image.ts";
import type { Platform } from "../../platform/context.ts";
import { sql } from "../../platform/postgres.ts";

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
    for (const { width, bytes } of await resizeImage(drawing))
      await store.put(pictureKey(imageKey, width), bytes, {
        contentType: "image/webp",
        cacheControl: "public, max-age=31536000, immutable",
      });
    await platform.db.run(sql`update menu_items set image_key = ${imageKey} where id = ${dish.id} and image_key is null`);
  }
}

/** A plate on a table in colours of its own: the same for a name everywhere. */
function drawingOf(name: string): string {
  const bytes = createHash("sha256").update(name).digest();
  const at = (index: number): number => bytes[index % bytes.length] ?? 0;
  const hue = 15 + at(0) / 3;
  const crumbs = Array.from({ length: 9 }, (_, index) => {
    const angle = (index / 9 + at(index + 1) / 2_560) * 2 * Math.PI;
    const distance = 40 + at(index + 10) / 2.6;
    const [x, y] = [480 + Math.cos(angle) * distance, 360 + Math.sin(angle) * distance];
    return `<circle cx="${x.toFixed(0)}" cy="${y.toFixed(0)}" r="${14 + (at(index + 20) % 22)}" fill="hsl(${((hue + at(index + 3) / 4) % 360).toFixed(0)} 65% 48%)"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="720"><rect width="960" height="720" fill="hsl(${(hue + 170) % 360} 35% 82%)"/>
<ellipse cx="480" cy="382" rx="292" ry="286" fill="hsl(${(hue + 170) % 360} 30% 65%)"/><circle cx="480" cy="360" r="280" fill="#fff"/>
<circle cx="480" cy="360" r="215" fill="#eee"/><circle cx="480" cy="360" r="175" fill="hsl(${hue} 55% 62%)"/>${crumbs.join("")}</svg>`;
}
