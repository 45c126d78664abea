import { z } from "@hono/zod-openapi";

/** The payer's browser posts these fields there, and comes back to a page of ours. */
export const CheckoutSchema = z.object({ url: z.url(), fields: z.record(z.string(), z.string()) }).openapi("Checkout");
