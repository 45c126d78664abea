/** The closed table of live events, as the API document shows it. A test holds it against the functions and verbs that emit. */
export const eventTable = {
  charge_opened:
    "{charge_id, order_id, order_number, amount_minor, currency, cafe_name, expires_at}: a scanned card asks the student to pay",
  charge_ended: "{charge_id, order_id, state, because?, receipt_id?}: it was confirmed, declined, voided, superseded, or it expired",
  order_placed: "{order_id, order_number, amount_minor}: a new order",
  order_paid: "{order_id, order_number, payment_status, amount_minor}: it is paid",
  status_changed: "{order_id, status, updated_at}: the kitchen moved it",
  refunded: "{order_id, refund_id, amount_minor, refunded_minor, currency, payment_status}: money went back to the wallet",
  heartbeat: "{}: nothing happened; its id is a place to resume from",
  resync: "{}: what came before cannot be replayed: read the state with a GET",
  reconnect: "{retry_after_ms}: this process ends; come back after that time with the last id",
} as const;

export const eventList = Object.entries(eventTable)
  .map(([name, about]) => `- \`${name}\` ${about}`)
  .join("\n");
