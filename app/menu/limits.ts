// What one café's menu may grow to. The public menu is read and sent whole.
export const maxCategories = 100;
export const maxItems = 500;
export const maxOptionGroups = 10;
export const maxChoices = 30;
/** Over the whole menu: 470 items of 300 choices were 38 MB in Redis for each change, 5,000 choices of that kind are 1.4 MB. */
export const maxChoicesOfMenu = 5_000;
export const maxTimeSlots = 12;
export const largestPriceMinor = 10_000_000;
export const largestStock = 1_000_000;
