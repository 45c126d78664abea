import { z } from "@hono/zod-openapi";
import type { Card } from "./card.ts";

export const CardSchema = z
  .object({
    id: z.uuid(),
    issue_number: z.number().int(),
    status: z.enum(["active", "frozen", "lost", "revoked"]),
    created_at: z.iso.datetime(),
  })
  .openapi("Card");

export const presentCard = (card: Card): z.infer<typeof CardSchema> => ({
  id: card.id,
  issue_number: card.issueNumber,
  status: card.status,
  created_at: card.createdAt.toISOString(),
});
