import { CodedError, unavailable } from "../platform/errors.ts";
import { imageWidths } from "./image-urls.ts";

export interface SizedImage {
  readonly width: number;
  readonly bytes: Buffer;
}

const maxPixels = 30_000_000;
const maxWaiting = 8;
const webpQuality = 80;

let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/**
 * The sizes that the apps use, as WebP, upright, and without what the camera wrote about place and time. One picture at a
 * time: one of 30 million pixels may take 120 MB while it is turned.
 */
export async function resizeImage(bytes: Buffer): Promise<SizedImage[]> {
  if (waiting >= maxWaiting) throw unavailable("Many pictures are being worked on: try again in a moment.", undefined, 5);
  waiting += 1;
  const turn = last.then(() => makeSizes(bytes));
  last = turn.catch(() => undefined);
  try {
    return await turn;
  } catch (error) {
    throw asRefusal(error as Error);
  } finally {
    waiting -= 1;
  }
}

async function makeSizes(bytes: Buffer): Promise<SizedImage[]> {
  // Loaded with the first picture: its library takes memory that most processes never need.
  const { default: sharp } = await import("sharp");
  // The first pass decodes once and shrinks; what it gives is small enough to be kept whole.
  const upright = await sharp(bytes, { limitInputPixels: maxPixels, failOn: "error" })
    .autoOrient()
    .resize({ width: imageWidths.large, height: maxHeight(imageWidths.large), fit: "inside", withoutEnlargement: true })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const sized: SizedImage[] = [];
  for (const width of Object.values(imageWidths)) {
    const size = { width, height: maxHeight(width), fit: "inside", withoutEnlargement: true } as const;
    sized.push({ width, bytes: await sharp(upright).resize(size).webp({ quality: webpQuality }).toBuffer() });
  }
  return sized;
}

/** A picture of a dish is no tower: one that is higher than twice its width is made narrower. */
const maxHeight = (width: number): number => width * 2;

function asRefusal(error: Error): CodedError {
  if (/pixel limit/i.test(error.message))
    return new CodedError("PAYLOAD_TOO_LARGE", `The picture has more than ${maxPixels} pixels.`, {
      details: { max_pixels: maxPixels },
      cause: error,
    });
  return new CodedError("VALIDATION_ERROR", "The picture cannot be read: it is broken or cut off.", { cause: error });
}
