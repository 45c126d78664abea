/**
 * Every metric is declared once, in the table below, and goes to two places from here: /metrics for Prometheus, and
 * CloudWatch's embedded metric format in the log. Labels are closed sets: never an id (each value is a bill in CloudWatch).
 */
export interface Declared {
  readonly kind: "counter" | "histogram" | "gauge";
  readonly help: string;
  readonly labels: readonly string[];
  readonly cloudWatch?: { readonly name: string; readonly unit: Unit };
}

export type Unit = "Count" | "Milliseconds" | "Seconds" | "None";

export const declaredMetrics = {
  // Of routes and codes there are hundreds, and each value of a label is a series with a price in CloudWatch: these stay here, and
  // in the log for Logs Insights. What an alarm needs of them is decided in the handler and counted as slo_events_total.
  http_requests_total: { kind: "counter", help: "Answers by route and status", labels: ["route", "status"] },
  http_request_ms: { kind: "histogram", help: "Time to answer by route", labels: ["route"] },
  error_codes_total: { kind: "counter", help: "Refusals by error code", labels: ["code"] },
  slo_events_total: {
    kind: "counter",
    help: "Events of an objective, good or not: the promises of dashboards/slo.ts",
    labels: ["slo", "good"],
    cloudWatch: { name: "SloEvents", unit: "Count" },
  },
  otp_requests_total: {
    kind: "counter",
    help: "One-time passwords asked for, by outcome",
    labels: ["outcome"],
    cloudWatch: { name: "OtpRequests", unit: "Count" },
  },
  cafe_registrations_total: {
    kind: "counter",
    help: "Registrations of cafés, by outcome",
    labels: ["outcome"],
    cloudWatch: { name: "CafeRegistrations", unit: "Count" },
  },
  logins_disowned_total: {
    kind: "counter",
    help: "Log-ins of which their owner said that it was somebody else",
    labels: ["kind"],
    cloudWatch: { name: "LoginsDisowned", unit: "Count" },
  },
  logins_total: {
    kind: "counter",
    help: "Logins by kind and outcome",
    labels: ["kind", "outcome"],
    cloudWatch: { name: "Logins", unit: "Count" },
  },
  refresh_reuse_total: {
    kind: "counter",
    help: "Refresh tokens used a second time (the family was revoked)",
    labels: [],
    cloudWatch: { name: "RefreshReuse", unit: "Count" },
  },
  // Like the routes: sixty series each; what alarms need of them is outbox_late_seconds and outbox_dead.
  outbox_delivered_total: {
    kind: "counter",
    help: "Outbox rows done, by topic and outcome",
    labels: ["topic", "outcome"],
  },
  outside_refunds_total: {
    kind: "counter",
    help: "Refunds that somebody made at the gateway itself",
    labels: [],
    cloudWatch: { name: "OutsideRefunds", unit: "Count" },
  },
  settlements_failed_total: {
    kind: "counter",
    help: "Tries to settle a café's day that failed; the day is tried again",
    labels: [],
    cloudWatch: { name: "SettlementsFailed", unit: "Count" },
  },
  unpaid_cancels_failed_total: {
    kind: "counter",
    help: "Tries to cancel an order that nobody paid which failed; it is tried again",
    labels: [],
    cloudWatch: { name: "UnpaidCancelsFailed", unit: "Count" },
  },
  ledger_drift: {
    kind: "gauge",
    help: "Invariants of the books, and seals kept outside, that the last looks found broken",
    labels: [],
    cloudWatch: { name: "LedgerDrift", unit: "Count" },
  },
  double_debits: {
    kind: "gauge",
    help: "Orders that were debited more than once, as of the last looks",
    labels: [],
    cloudWatch: { name: "DoubleDebits", unit: "Count" },
  },
  reconciliation_unexplained: {
    kind: "gauge",
    help: "Minor units of the last day that the gateway, the ledger and the settlements do not explain alike",
    labels: [],
    cloudWatch: { name: "ReconciliationUnexplained", unit: "Count" },
  },
  outbox_lag_ms: {
    kind: "histogram",
    help: "From the row's commit to its delivery",
    labels: ["topic"],
    cloudWatch: { name: "OutboxLag", unit: "Milliseconds" },
  },
  outbox_waiting: { kind: "gauge", help: "Outbox rows not done yet", labels: [], cloudWatch: { name: "OutboxWaiting", unit: "Count" } },
  outbox_dead: { kind: "gauge", help: "Outbox rows given up", labels: [], cloudWatch: { name: "OutboxDead", unit: "Count" } },
  outbox_late_seconds: {
    kind: "gauge",
    help: "How long the outbox row that is due longest has been due",
    labels: [],
    cloudWatch: { name: "OutboxLate", unit: "Seconds" },
  },
  jobs_failing: {
    kind: "gauge",
    help: "Timed jobs that ended with an error at their last turn, or have been due for half an hour and no worker took them",
    labels: [],
    cloudWatch: { name: "JobsFailing", unit: "Count" },
  },
  jobs_total: {
    kind: "counter",
    help: "Timed jobs run, by name and outcome",
    labels: ["job", "outcome"],
  },
  redis_up: { kind: "gauge", help: "1 while Redis answers", labels: [], cloudWatch: { name: "RedisUp", unit: "None" } },
  database_connections: {
    kind: "gauge",
    help: "Connections of the pool by state",
    labels: ["state"],
    cloudWatch: { name: "DatabaseConnections", unit: "Count" },
  },
  replica_lag_seconds: {
    kind: "gauge",
    help: "How many seconds of writing the replica lacks; +Inf while none follows",
    labels: [],
    cloudWatch: { name: "ReplicaLag", unit: "Seconds" },
  },
  scan_to_prompt_ms: {
    kind: "histogram",
    help: "From the scan until the request first reached the phone, by the channel that was first",
    labels: ["channel"],
    cloudWatch: { name: "ScanToPrompt", unit: "Milliseconds" },
  },
  prompt_to_confirm_ms: {
    kind: "histogram",
    help: "From the request on the phone to the debit, by the channel that was first",
    labels: ["channel"],
    cloudWatch: { name: "PromptToConfirm", unit: "Milliseconds" },
  },
  confirm_to_final_ms: {
    kind: "histogram",
    help: "From the arrival of a confirm to its definite outcome",
    labels: [],
    cloudWatch: { name: "ConfirmToFinal", unit: "Milliseconds" },
  },
  debits_repeated_total: {
    kind: "counter",
    help: "Confirms of a charge that was paid before, answered with its receipt",
    labels: [],
    cloudWatch: { name: "DebitsRepeated", unit: "Count" },
  },
  charges_ended_total: {
    kind: "counter",
    help: "Scanned charges that ended, by state",
    labels: ["state"],
    cloudWatch: { name: "ChargesEnded", unit: "Count" },
  },
  card_refusals_total: {
    kind: "counter",
    help: "Scans of a card that is unknown, frozen or stopped",
    labels: [],
    cloudWatch: { name: "CardRefusals", unit: "Count" },
  },
  cafes_refusing_cards: {
    kind: "gauge",
    help: "Cafés that have refused five cards or more in the ten minutes that run, and two of five that they were shown",
    labels: [],
    cloudWatch: { name: "CafesRefusingCards", unit: "Count" },
  },
  gateway_webhooks_total: {
    kind: "counter",
    help: "The gateway's webhooks, by whether their signature fits",
    labels: ["signature"],
    cloudWatch: { name: "GatewayWebhooks", unit: "Count" },
  },
  tills_silent: {
    kind: "gauge",
    help: "Cafés that are open, sold at this hour on the last three working days, and have sold nothing for half an hour",
    labels: [],
    cloudWatch: { name: "TillsSilent", unit: "Count" },
  },
  outcomes_unknown_total: {
    kind: "counter",
    help: "Debits whose answer was lost on the way and that were asked for again",
    labels: [],
    cloudWatch: { name: "OutcomesUnknown", unit: "Count" },
  },
  push_total: {
    kind: "counter",
    help: "Push messages by outcome",
    labels: ["outcome"],
    cloudWatch: { name: "Pushes", unit: "Count" },
  },
  webhooks_total: {
    kind: "counter",
    help: "Tries to post to a café's till system, by outcome",
    labels: ["outcome"],
    cloudWatch: { name: "Webhooks", unit: "Count" },
  },
  live_connections: {
    kind: "gauge",
    help: "Open WebSockets and event streams by kind",
    labels: ["kind"],
    cloudWatch: { name: "LiveConnections", unit: "Count" },
  },
  live_events_lag_ms: {
    kind: "histogram",
    help: "From the start of an event's transaction to its dispatch",
    labels: [],
    cloudWatch: { name: "LiveEventsLag", unit: "Milliseconds" },
  },
  event_loop_lag_ms: {
    kind: "histogram",
    help: "How late timers fire",
    labels: [],
    cloudWatch: { name: "EventLoopLag", unit: "Milliseconds" },
  },
  process_memory_bytes: { kind: "gauge", help: "Resident memory", labels: [] },
} as const satisfies Record<string, Declared>;
export type MetricTable = typeof declaredMetrics;
export type MetricName = keyof MetricTable;

export const cloudWatchNamespace = "CampusPay";
