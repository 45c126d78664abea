import { imageWidths } from "./image-urls.ts";

/** No camera makes a longer side, and a dish needs none. */
export const maxSide = 10_000;
export const maxPixels = 30_000_000;
export const widths: readonly number[] = Object.values(imageWidths);

// A picture of 30 million pixels was turned in 120 MB and 2 s: these are for what was made to cost more. The seconds are the processor's,
// which no neighbour takes away, and others wait for as long: two hundred packed texts in one PNG would take thirty.
export const childLimits = { memoryKib: 786_432, seconds: 8 };
