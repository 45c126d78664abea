import { maxPixels, maxSide, widths } from "./picture-limits.ts";

export interface SizedImage {
  readonly width: number;
  readonly bytes: Buffer;
}

const webpQuality = 80;

export class PictureTooLarge extends Error {}

/** A picture of a dish is no tower: one that is higher than twice its width is made narrower. */
const box = (width: number) => ({ width, height: width * 2, fit: "inside", withoutEnlargement: true }) as const;

/** The sizes that the apps use, as WebP, upright, and without what the camera wrote about place and time. */
export async function makeSizes(bytes: Buffer): Promise<SizedImage[]> {
  // Loaded with the first picture: its library takes memory that most processes never need.
  const { default: sharp } = await import("sharp");
  // The header says how large it is; nothing is decoded before that was looked at. One row of 29 million pixels costs seconds.
  const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
  if (width > maxSide || height > maxSide || width * height > maxPixels) throw new PictureTooLarge();
  // The first pass decodes once and shrinks; what it gives is small enough to be kept whole.
  const upright = await sharp(bytes, { limitInputPixels: maxPixels, failOn: "error" })
    .autoOrient()
    .resize(box(Math.max(...widths)))
    .png({ compressionLevel: 0 })
    .toBuffer();
  const sized: SizedImage[] = [];
  for (const wanted of widths)
    sized.push({ width: wanted, bytes: await sharp(upright).resize(box(wanted)).webp({ quality: webpQuality }).toBuffer() });
  return sized;
}
