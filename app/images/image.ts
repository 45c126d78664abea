import { notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import type { ImageType } from "./image-type.ts";

/** What a picture is of. */
export interface Subject {
  readonly kind: "item" | "category";
  readonly id: string;
}

/** One upload of a picture, from its announcement on. */
export interface Image {
  readonly id: string;
  readonly cafeId: string;
  readonly itemId: string | null;
  readonly categoryId: string | null;
  readonly contentType: ImageType;
  readonly sizeBytes: number;
  readonly staffId: string;
  readonly imageKey: string | null;
  readonly isExpired: boolean;
}

export async function readImage(db: Queryable, imageId: string): Promise<Image> {
  const image = await db.row<Image>(sql`
    select id, cafe_id, item_id, category_id, content_type, size_bytes, staff_id, image_key, expires_at <= now() as is_expired
    from images where id = ${imageId}`);
  if (!image) throw notFound("The upload");
  return image;
}
