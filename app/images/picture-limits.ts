import { imageWidths } from "./image-urls.ts";

/** No camera makes a longer side, and a dish needs none. */
export const maxSide = 10_000;
export const maxPixels = 30_000_000;
export const widths: readonly number[] = Object.values(imageWidths);

// A picture of 30 million pixels was turned in 120 MB and 2 s on a quiet machine: these are for what was made to cost more.
export const childLimits = { memoryKib: 786_432, seconds: 20 };
