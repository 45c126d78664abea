import { createHash } from "node:crypto";
import { auditActor } from "../identity/actor.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import type { ObjectStore } from "../platform/objects.ts";
import { enqueue } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { objectKindOf } from "./begin-upload.ts";
import type { Image, Subject } from "./image.ts";
import { uploadKey } from "./image-store.ts";
import { imageTypeOf, imageTypes } from "./image-type.ts";
import { pictureKey } from "./image-urls.ts";
import { resizeImage } from "./resize-image.ts";

const maxTries = 3;

/**
 * Checks an upload's bytes, stores the sizes and shows them. Done twice, the second changes nothing: the key follows
 * from the upload and its bytes, and the row is finished once.
 */
export async function finishUpload(
  platform: Platform,
  store: ObjectStore,
  image: Image,
  bytes: Buffer,
  requestId: string,
): Promise<string> {
  refuseOtherThanAnnounced(image, bytes);
  await countTry(platform, image);
  const subject: Subject = image.itemId === null ? { kind: "category", id: image.categoryId ?? "" } : { kind: "item", id: image.itemId };
  // With the upload's id: no two uploads share an address, so deleting the one never takes the other's pictures.
  const hash = createHash("sha256").update(image.id).update(bytes).digest("hex").slice(0, 32);
  const imageKey = `images/${image.cafeId}/${subject.id}/${hash}`;
  for (const { width, bytes: sized } of await resizeImage(bytes, image.cafeId))
    await store.put(pictureKey(imageKey, width), sized, { contentType: "image/webp", cacheControl: "public, max-age=31536000, immutable" });
  await show(platform, store, image, subject, imageKey, requestId);
  return imageKey;
}

/** Counted before anything is decoded: the address needs no login, and a picture costs seconds. */
async function countTry({ db }: Platform, { id }: Image): Promise<void> {
  const counted = await db.run(sql`update images set tries = tries + 1 where id = ${id} and tries < ${maxTries}`);
  if (counted === 0)
    throw new CodedError("CONFLICT", `${maxTries} pictures were sent to this address and none was good: ask for a new one.`, {
      details: { max: maxTries },
    });
}

function refuseOtherThanAnnounced(image: Image, bytes: Buffer): void {
  if (bytes.length > image.sizeBytes)
    throw new CodedError("PAYLOAD_TOO_LARGE", `The upload was announced with ${image.sizeBytes} bytes and is larger.`, {
      details: { max_bytes: image.sizeBytes },
    });
  const found = imageTypeOf(bytes);
  if (found === image.contentType) return;
  const is = found === undefined ? `none of ${imageTypes.join(", ")}` : found;
  throw new CodedError("UNSUPPORTED_MEDIA_TYPE", `The upload was announced as ${image.contentType} and is ${is}.`);
}

async function show(
  { db }: Platform,
  store: ObjectStore,
  image: Image,
  subject: Subject,
  imageKey: string,
  requestId: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    const finished = await tx.run(
      sql`update images set image_key = ${imageKey}, done_at = now() where id = ${image.id} and image_key is null`,
    );
    if (finished === 0) return;
    const shown = await tx.run(
      subject.kind === "item"
        ? sql`update menu_items set image_key = ${imageKey}, updated_at = now() where id = ${subject.id} and deleted_at is null`
        : sql`update categories set image_key = ${imageKey} where id = ${subject.id}`,
    );
    if (shown === 0) throw notFound(subject.kind === "item" ? "The item" : "The category");
    // What was uploaded may tell where it was taken: it goes as soon as its sizes are shown.
    if (store.signPut) await enqueue(tx, "objects.delete", { keys: [uploadKey(image.id)] });
    const actor = { cafeId: image.cafeId, staffId: image.staffId, requestId };
    await auditActor(tx, actor, {
      action: "image.shown",
      objectKind: objectKindOf(subject),
      objectId: subject.id,
      details: { image_key: imageKey },
    });
  });
}
