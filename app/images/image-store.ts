import type { Config } from "../platform/config.ts";
import { type ObjectStore, openObjectStore } from "../platform/objects.ts";

/** The pictures of the menus: in their bucket, or in a folder where there is no AWS. */
export const openImageStore = ({ MENU_IMAGES_BUCKET, OBJECT_FOLDER, AWS_REGION, S3_URL }: Config): ObjectStore =>
  openObjectStore({ bucket: MENU_IMAGES_BUCKET, folder: OBJECT_FOLDER, region: AWS_REGION, s3Url: S3_URL });

/** Where the bytes of an upload wait until they are checked; nothing below uploads/ is served. */
export const uploadKey = (imageId: string): string => `uploads/${imageId}`;
