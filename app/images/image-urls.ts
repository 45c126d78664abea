/** How wide a stored picture is at most, by the name that the API gives it. */
export const imageWidths = { small: 160, medium: 480, large: 960 } as const;

export interface ImageUrls {
  readonly small: string;
  readonly medium: string;
  readonly large: string;
}

/** Addresses below the public origin. A key holds a hash of its upload, so an address never shows another one. */
export const imageUrlsOf = (imageKey: string | null): ImageUrls | null =>
  imageKey === null
    ? null
    : {
        small: `/${pictureKey(imageKey, imageWidths.small)}`,
        medium: `/${pictureKey(imageKey, imageWidths.medium)}`,
        large: `/${pictureKey(imageKey, imageWidths.large)}`,
      };

export const pictureKey = (imageKey: string, width: number): string => `${imageKey}/${width}.webp`;
