import type { Platform } from "../platform/context.ts";
import { router } from "../platform/http/router.ts";
import { adjustmentRoutes } from "./adjustment-routes.ts";
import { booksRoutes } from "./books-routes.ts";
import { debtRoutes } from "./debt-routes.ts";
import { journalRoutes } from "./journal-routes.ts";
import { noteRoutes } from "./note-routes.ts";
import { refundProposalRoutes } from "./refund-proposal-routes.ts";
import { refundRoutes } from "./refund-routes.ts";
import { walletRoutes } from "./wallet-routes.ts";

/** The student's wallet, and what finance and the cafés do with the books. */
export const ledgerRoutes = (platform: Platform) =>
  router()
    .route("/", walletRoutes(platform))
    .route("/", adjustmentRoutes(platform))
    .route("/", debtRoutes(platform))
    .route("/", refundRoutes(platform))
    .route("/", refundProposalRoutes(platform))
    .route("/", booksRoutes(platform))
    .route("/", journalRoutes(platform))
    .route("/", noteRoutes(platform));
