import { z } from "@hono/zod-openapi";
import { cafeQuery } from "../identity/field-schemas.ts";
import { cafeActorOf, staff } from "../identity/guards.ts";
import { ImageSchema } from "../menu/menu-schemas.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { everyone, type HttpContext, json, required, route, router } from "../platform/http/router.ts";
import type { ObjectStore } from "../platform/objects.ts";
import { beginUpload, uploadSeconds } from "./begin-upload.ts";
import { finishUpload } from "./finish-upload.ts";
import { type Image, readImage, type Subject } from "./image.ts";
import { openImageStore, uploadKey } from "./image-store.ts";
import { type ImageType, imageTypes } from "./image-type.ts";
import { imageUrlsOf } from "./image-urls.ts";
import { checkUploadUrl, signUploadUrl } from "./upload-url.ts";

const who = staff("owner", "admin");

const UploadSchema = z
  .object({
    upload_id: z.uuid(),
    upload_url: z.string(),
    method: z.literal("PUT"),
    headers: z.record(z.string(), z.string()).openapi({ description: "To be sent with the upload, as they are" }),
    expires_at: z.iso.datetime(),
  })
  .openapi("Upload");

const ShownSchema = z.object({ image: ImageSchema }).openapi("ShownImage");

const announceBody = required(z.strictObject({ content_type: z.enum(imageTypes), size_bytes: z.number().int().min(1).max(2_147_483_647) }));
const completeBody = required(z.strictObject({ upload_id: z.uuid() }));
const announced = { 201: json(UploadSchema, "Where the picture is to be sent") };
const shown = { 200: json(ShownSchema, "The picture is shown") };
const announceErrors = ["NOT_FOUND", "CONFLICT", "PAYLOAD_TOO_LARGE"] as const;
const checkErrors = ["NOT_FOUND", "CONFLICT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "VALIDATION_ERROR"] as const;

const announceOfItem = route({
  method: "post",
  path: "/admin/menu/items/{itemId}/image",
  operationId: "announceItemImage",
  tags: ["menu"],
  summary: "Ask where to upload an item's picture. The address is good for ten minutes and for what was announced",
  who,
  errors: announceErrors,
  request: { params: z.object({ itemId: z.uuid() }), query: cafeQuery, body: announceBody },
  responses: announced,
});

const announceOfCategory = route({
  method: "post",
  path: "/admin/menu/categories/{categoryId}/image",
  operationId: "announceCategoryImage",
  tags: ["menu"],
  summary: "Ask where to upload a category's picture",
  who,
  errors: announceErrors,
  request: { params: z.object({ categoryId: z.uuid() }), query: cafeQuery, body: announceBody },
  responses: announced,
});

const completeOfItem = route({
  method: "post",
  path: "/admin/menu/items/{itemId}/image/complete",
  operationId: "completeItemImage",
  tags: ["menu"],
  summary: "Tell that the picture was uploaded: it is checked, resized and shown. Told again, it changes nothing",
  who,
  errors: checkErrors,
  request: { params: z.object({ itemId: z.uuid() }), query: cafeQuery, body: completeBody },
  responses: shown,
});

const completeOfCategory = route({
  method: "post",
  path: "/admin/menu/categories/{categoryId}/image/complete",
  operationId: "completeCategoryImage",
  tags: ["menu"],
  summary: "Tell that the category's picture was uploaded",
  who,
  errors: checkErrors,
  request: { params: z.object({ categoryId: z.uuid() }), query: cafeQuery, body: completeBody },
  responses: shown,
});

const upload = route({
  method: "put",
  path: "/uploads/{uploadId}",
  operationId: "uploadImage",
  tags: ["menu"],
  summary: "Upload a picture to an address that was given out, where there is no bucket. Its type is told by its bytes",
  who: everyone,
  errors: ["INVALID_SIGNATURE", ...checkErrors],
  request: {
    params: z.object({ uploadId: z.uuid() }),
    query: z.strictObject({ expires: z.coerce.number().int().min(0).max(99_999_999_999), signature: z.string().max(100) }),
  },
  responses: shown,
});

export function imageRoutes(platform: Platform) {
  const store = openImageStore(platform.config);
  return router()
    .openapi(announceOfItem, async (c) => {
      const subject = { kind: "item", id: c.req.valid("param").itemId } as const;
      return c.json(await announce(c, store, subject, c.req.valid("query").cafe_id, c.req.valid("json")), 201);
    })
    .openapi(announceOfCategory, async (c) => {
      const subject = { kind: "category", id: c.req.valid("param").categoryId } as const;
      return c.json(await announce(c, store, subject, c.req.valid("query").cafe_id, c.req.valid("json")), 201);
    })
    .openapi(completeOfItem, async (c) => {
      const subject = { kind: "item", id: c.req.valid("param").itemId } as const;
      return c.json(await complete(c, store, subject, c.req.valid("query").cafe_id, c.req.valid("json").upload_id), 200);
    })
    .openapi(completeOfCategory, async (c) => {
      const subject = { kind: "category", id: c.req.valid("param").categoryId } as const;
      return c.json(await complete(c, store, subject, c.req.valid("query").cafe_id, c.req.valid("json").upload_id), 200);
    })
    .openapi(upload, async (c) => {
      const { uploadId } = c.req.valid("param");
      const { expires, signature } = c.req.valid("query");
      await checkUploadUrl(platform, uploadId, expires, signature);
      const image = await readImage(platform.db, uploadId);
      if (image.imageKey !== null) return c.json(presentShown(image.imageKey), 200);
      const bytes = Buffer.from(await c.req.arrayBuffer());
      return c.json(presentShown(await finishUpload(platform, store, image, bytes, c.var.requestId)), 200);
    });
}

async function announce(
  c: HttpContext,
  store: ObjectStore,
  subject: Subject,
  cafeId: string | undefined,
  input: { content_type: ImageType; size_bytes: number },
): Promise<z.infer<typeof UploadSchema>> {
  const { platform } = c.var;
  const maxBytes = platform.config.IMAGE_LIMIT_BYTES;
  if (input.size_bytes > maxBytes)
    throw new CodedError("PAYLOAD_TOO_LARGE", `A picture may have ${maxBytes} bytes.`, { details: { max_bytes: maxBytes } });
  const { content_type: contentType, size_bytes: sizeBytes } = input;
  const { id, expiresAt } = await platform.db.transaction((tx) =>
    beginUpload(tx, cafeActorOf(c, cafeId), subject, { contentType, sizeBytes }),
  );
  const uploadUrl = store.signPut
    ? await store.signPut(uploadKey(id), { contentType, sizeBytes, seconds: uploadSeconds })
    : await signUploadUrl(platform, id, expiresAt);
  return {
    upload_id: id,
    upload_url: uploadUrl,
    method: "PUT",
    headers: { "Content-Type": contentType },
    expires_at: expiresAt.toISOString(),
  };
}

async function complete(
  c: HttpContext,
  store: ObjectStore,
  subject: Subject,
  queryCafeId: string | undefined,
  uploadId: string,
): Promise<z.infer<typeof ShownSchema>> {
  const { platform } = c.var;
  const { cafeId } = cafeActorOf(c, queryCafeId);
  const image = await readImage(platform.db, uploadId);
  if (image.cafeId !== cafeId || (subject.kind === "item" ? image.itemId : image.categoryId) !== subject.id) throw notFound("The upload");
  if (image.imageKey !== null) return presentShown(image.imageKey);
  return presentShown(await finishUpload(platform, store, image, await uploadedBytes(store, image), c.var.requestId));
}

/** Straight from the store where the client has put them there; an upload to our own address is finished by itself. */
async function uploadedBytes(store: ObjectStore, image: Image): Promise<Buffer> {
  const bytes = store.signPut && (await store.get(uploadKey(image.id), image.sizeBytes));
  if (bytes) return bytes;
  const problem = image.isExpired ? "The upload has expired: ask for a new address." : "Nothing was uploaded yet: send the picture first.";
  throw new CodedError("CONFLICT", problem);
}

function presentShown(imageKey: string): z.infer<typeof ShownSchema> {
  const image = imageUrlsOf(imageKey);
  if (!image) throw new Error("A picture without a key cannot be shown.");
  return { image };
}
