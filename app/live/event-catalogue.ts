/** The closed table of live events, as the API document shows it. A test holds it against the functions and verbs that emit. */
export const eventTable = {
  charge_opened:
    "{charge_id, order_id, order_number, amount_minor, currency, cafe_name, expires_at}: a scanned card asks the student to pay",
  charge_prolonged: "{charge_id, order_id, expires_at}: the student asked for more time, so that it ends later and has another digest",
  charge_ended: "{charge_id, order_id, state, because?, receipt_id?}: it was confirmed, declined, voided, superseded, or it expired",
  order_placed: "{order_id, order_number, amount_minor}: a new order",
  order_paid: "{order_id, order_number, payment_status, amount_minor}: it is paid",
  order_changed: "{order_id, order_number, amount_minor, version}: the student changed its items before it was paid",
  status_changed: "{order_id, status, updated_at}: it moved along the table of statuses",
  estimated_time: "{order_id, ready_by}: when it is to be ready, where that moved by a minute or more",
  delivery_assigned: "{order_id, assignment_id}: a driver is to bring it",
  refunded: "{order_id, refund_id, amount_minor, refunded_minor, currency, payment_status}: money was given back",
  refund_proposal:
    "{order_id, proposal_id, status, amount_minor, currency}: to the café: a refund waits for the second person (pending), or was decided",
  refund_settled: "{order_id, refund_id, status, amount_minor, currency}: the gateway gave it back (processed) or could not (failed)",
  topped_up: "{top_up_id, transaction_id, amount_minor, currency, balance_minor, order_id}: money came into the wallet",
  debt_repaid: "{amount_minor, currency}: money that came in went against what the student owed",
  granted: "{grant_id, transaction_id, amount_minor, currency, reference, expires_at}: the university gave money",
  grant_expired:
    "{grant_id, transaction_id, amount_minor, currency, reference}: what was left of such money when its day was over went back",
  heartbeat: "{}: nothing happened; its id is a place to resume from",
  resync: "{}: what came before cannot be replayed: read the state with a GET",
  reconnect: "{retry_after_ms}: this process ends; come back after that time with the last id",
} as const;

export const eventList = Object.entries(eventTable)
  .map(([name, about]) => `- \`${name}\` ${about}`)
  .join("\n");

/** As docs/live.md shows it. */
export const eventsPage = [
  "| event | data | when |",
  "|---|---|---|",
  ...Object.entries(eventTable).map(([name, about]) => {
    const end = about.indexOf("}: ");
    return `| \`${name}\` | \`${about.slice(0, end + 1)}\` | ${about.slice(end + 3)} |`;
  }),
].join("\n");
