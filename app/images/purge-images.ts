import { enqueue } from "../platform/outbox.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { uploadKey } from "./image-store.ts";
import { imageWidths, pictureKey } from "./image-urls.ts";

// A day: whoever reads a menu of a moment ago still finds its pictures.
const keptHours = 24;
const purgeBatch = 500;

/** Forgets uploads that never came and pictures that nothing shows any more; the worker deletes their objects after the commit. */
export async function purgeImages(tx: Transaction): Promise<"more" | undefined> {
  const gone = await tx.rows<{ id: string; imageKey: string | null }>(sql`
    delete from images where id in (
      select i.id from images i
      where coalesce(i.done_at, i.expires_at) < now() - make_interval(hours => ${keptHours})
        and (i.image_key is null or (
          not exists (select from menu_items m where m.image_key = i.image_key and m.deleted_at is null)
          and not exists (select from categories k where k.image_key = i.image_key)))
      order by i.id limit ${purgeBatch})
    returning id, image_key`);
  const keys = gone.flatMap(({ id, imageKey }) => [
    uploadKey(id),
    ...(imageKey === null ? [] : Object.values(imageWidths).map((width) => pictureKey(imageKey, width))),
  ]);
  if (keys.length > 0) await enqueue(tx, "objects.delete", { keys });
  return gone.length === purgeBatch ? "more" : undefined;
}
