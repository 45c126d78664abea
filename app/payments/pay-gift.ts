import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type OpenGatewayOrder, openAtGateway } from "./gateway-order.ts";
import { type Gift, readGift } from "./gift-link.ts";
import { gatewayOf } from "./open-gateway.ts";
import { refuseAmount } from "./request-top-up.ts";

const maxOpenedAnHour = 20;

/** Opens a payment for the holder of the link, who has no account here and needs none. */
export async function payGift(platform: Platform, token: string, amountMinor: number): Promise<OpenGatewayOrder> {
  const gateway = gatewayOf(platform);
  refuseAmount(platform.config, amountMinor);
  const row = await platform.db.transaction(async (tx) => {
    const gift = await readGift(tx, token);
    await tx.run(sql`select id from gift_links where id = ${gift.linkId} for update`);
    await refuseMore(tx, gift, amountMinor);
    const written = await tx.row<{ id: string }>(sql`
      insert into gateway_orders (gateway, purpose, student_id, gift_link_id, amount_minor, currency, wallet_max_minor)
      values (${gateway.name}, 'gift', ${gift.studentId}, ${gift.linkId}, ${amountMinor}, ${gift.currency}, ${platform.config.WALLET_MAX_MINOR}) returning id`);
    if (!written) throw new Error("The gift was not written.");
    return { id: written.id, currency: gift.currency };
  });
  return openAtGateway(platform, gateway, { ...row, amountMinor, gatewayOrderId: null });
}

/** What was paid and what may still be paid counts against the link's limit; an order nobody paid within an hour does not. */
async function refuseMore(tx: Transaction, { linkId, limitMinor }: Gift, amountMinor: number): Promise<void> {
  const so = await tx.row<{ takenMinor: number; opened: number }>(sql`
    select coalesce(sum(amount_minor) filter (where status = 'paid' or created_at > now() - interval '1 hour'), 0)::bigint as taken_minor,
      count(*) filter (where created_at > now() - interval '1 hour') as opened
    from gateway_orders where gift_link_id = ${linkId}`);
  if (so && so.opened >= maxOpenedAnHour)
    throw new CodedError("RATE_LIMITED", "This link was used often in the last hour: please wait.", { retryAfterSeconds: 600 });
  if (so && so.takenMinor + amountMinor > limitMinor)
    throw new CodedError("SPEND_LIMIT_REACHED", "This is more than the link takes.", { details: { limit_minor: limitMinor } });
}
