/** What is called out at the counter: "ORD-20261128-042" is 042. */
export const shortNumber = (orderNumber: string): string => orderNumber.split("-").at(-1) ?? orderNumber;
