import { hc } from "hono/client";
import type { cafeRoutes } from "../../../cafes/routes.ts";
import type { cardRoutes } from "../../../cards/routes.ts";
import type { posRoutes } from "../../../charges/pos-routes.ts";
import type { chargeRoutes } from "../../../charges/routes.ts";
import type { saleRoutes } from "../../../counter/sale-routes.ts";
import type { shiftRoutes } from "../../../counter/shift-routes.ts";
import type { tillRoutes } from "../../../counter/till-routes.ts";
import type { authRoutes } from "../../../identity/auth-routes.ts";
import type { profileRoutes } from "../../../identity/profile-routes.ts";
import type { walletRoutes } from "../../../ledger/wallet-routes.ts";
import type { publicMenuRoutes } from "../../../menu/public-routes.ts";
import type { orderRoutes } from "../../../orders/routes.ts";
import type { giftRoutes } from "../../../payments/gift-routes.ts";
import type { paymentRoutes } from "../../../payments/payment-routes.ts";
import type { topUpRoutes } from "../../../payments/top-up-routes.ts";
import type { closeOutRoutes } from "../../../settlements/close-out-routes.ts";
import type { Fetch } from "./request.ts";

// The only door to the server's code, and for its types alone: what a route answers is what a page sees.
const base = "/api/v1";

export const authClient = (fetch: Fetch) => hc<ReturnType<typeof authRoutes>>(base, { fetch });
export const profileClient = (fetch: Fetch) => hc<ReturnType<typeof profileRoutes>>(base, { fetch });
export const cafeClient = (fetch: Fetch) => hc<ReturnType<typeof cafeRoutes>>(base, { fetch });
export const menuClient = (fetch: Fetch) => hc<ReturnType<typeof publicMenuRoutes>>(base, { fetch });
export const orderClient = (fetch: Fetch) => hc<ReturnType<typeof orderRoutes>>(base, { fetch });
export const chargeClient = (fetch: Fetch) => hc<ReturnType<typeof chargeRoutes>>(base, { fetch });
export const cardClient = (fetch: Fetch) => hc<ReturnType<typeof cardRoutes>>(base, { fetch });
export const walletClient = (fetch: Fetch) => hc<ReturnType<typeof walletRoutes>>(base, { fetch });
export const topUpClient = (fetch: Fetch) => hc<ReturnType<typeof topUpRoutes>>(base, { fetch });
export const giftClient = (fetch: Fetch) => hc<ReturnType<typeof giftRoutes>>(base, { fetch });
export const paymentClient = (fetch: Fetch) => hc<ReturnType<typeof paymentRoutes>>(base, { fetch });
export const closeOutClient = (fetch: Fetch) => hc<ReturnType<typeof closeOutRoutes>>(base, { fetch });
export const scanClient = (fetch: Fetch) => hc<ReturnType<typeof posRoutes>>(base, { fetch });
export const saleClient = (fetch: Fetch) => hc<ReturnType<typeof saleRoutes>>(base, { fetch });
export const shiftClient = (fetch: Fetch) => hc<ReturnType<typeof shiftRoutes>>(base, { fetch });
export const tillClient = (fetch: Fetch) => hc<ReturnType<typeof tillRoutes>>(base, { fetch });
