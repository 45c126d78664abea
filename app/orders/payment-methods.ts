/** In the order in which reports list them; the database has the same ones in payment-methods.sql and as the domain payment_method. */
export const paymentMethods = ["cash", "wallet", "upi"] as const;
export type PaymentMethod = (typeof paymentMethods)[number];
