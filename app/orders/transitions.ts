export const orderStatuses = ["received", "preparing", "ready", "out_for_delivery", "completed", "cancelled"] as const;
export type OrderStatus = (typeof orderStatuses)[number];

export const movers = ["student", "owner", "cashier", "kitchen", "delivery", "finance", "system"] as const;
export type Mover = (typeof movers)[number];

/** How long after its time an order that no café ends is the university's to end: no café works on one for so long. */
export const standsHours = 24;

/** What an order must be for a step, beyond its status. */
export const needs = {
  may_prepare: "it is paid, or paid in cash, or the café's `prepare_before_paid` is on",
  paid: "it is paid",
  delivery: "it is a delivery",
  undo: "the step before was at most `undo_seconds` ago",
  stands: `it was to be ready ${standsHours} hours ago`,
} as const;
export type Need = keyof typeof needs;

export interface Transition {
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  readonly by: readonly Mover[];
  readonly need?: Need;
}

const counter = ["owner", "cashier", "kitchen"] as const;

/** The one table of how an order may move. What is not here does not happen; the docs and the tests are made from it. */
export const transitions: readonly Transition[] = [
  { from: "received", to: "preparing", by: counter, need: "may_prepare" },
  { from: "received", to: "cancelled", by: ["student", "system", ...counter] },
  { from: "received", to: "cancelled", by: ["finance"], need: "stands" },
  { from: "preparing", to: "received", by: counter, need: "undo" },
  { from: "preparing", to: "ready", by: counter },
  { from: "preparing", to: "cancelled", by: counter },
  { from: "preparing", to: "cancelled", by: ["finance"], need: "stands" },
  { from: "ready", to: "preparing", by: counter, need: "undo" },
  { from: "ready", to: "out_for_delivery", by: [...counter, "delivery"], need: "delivery" },
  { from: "ready", to: "completed", by: counter, need: "paid" },
  { from: "ready", to: "cancelled", by: counter },
  { from: "ready", to: "cancelled", by: ["finance"], need: "stands" },
  { from: "out_for_delivery", to: "ready", by: [...counter, "delivery"], need: "undo" },
  { from: "out_for_delivery", to: "completed", by: [...counter, "delivery"], need: "paid" },
  { from: "out_for_delivery", to: "cancelled", by: counter },
  { from: "out_for_delivery", to: "cancelled", by: ["finance"], need: "stands" },
];

export const transitionOf = (from: OrderStatus, to: OrderStatus, by: Mover): Transition | undefined =>
  transitions.find((transition) => transition.from === from && transition.to === to && transition.by.includes(by));

/** As docs/orders.md shows it. */
export const transitionsPage = [
  "| from | to | who | only if |",
  "|---|---|---|---|",
  ...transitions.map(({ from, to, by, need }) => `| ${from} | ${to} | ${by.join(", ")} | ${need === undefined ? "" : needs[need]} |`),
].join("\n");
