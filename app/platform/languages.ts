/** In which people are written to. A new one needs its words wherever the type is a key. */
export const languages = ["sv", "it", "en"] as const;
export type Language = (typeof languages)[number];
