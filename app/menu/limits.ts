// What one café's menu may grow to. The public menu is read and sent whole.
export const maxCategories = 100;
export const maxItems = 500;
export const maxOptionGroups = 10;
export const maxChoices = 30;
/** Over the whole menu: 5,000 are some 2 MB where it is kept, all that the other limits allow would be 40 MB. */
export const maxChoicesOfMenu = 5_000;
export const maxTimeSlots = 12;
export const largestPriceMinor = 10_000_000;
export const largestStock = 1_000_000;
