export const orderStatuses = ["received", "preparing", "ready", "out_for_delivery", "completed", "cancelled"] as const;
export type OrderStatus = (typeof orderStatuses)[number];
type Mover = "student" | "owner" | "cashier" | "kitchen" | "delivery" | "system";

interface Transition {
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  readonly by: readonly Mover[];
}

const counter = ["owner", "cashier", "kitchen"] as const;

/** The one table of how an order may move. The step back is the board's undo. What is not here does not happen. */
export const transitions: readonly Transition[] = [
  { from: "received", to: "preparing", by: counter },
  { from: "received", to: "cancelled", by: ["student", "system", ...counter] },
  { from: "preparing", to: "received", by: counter },
  { from: "preparing", to: "ready", by: counter },
  { from: "preparing", to: "cancelled", by: counter },
  { from: "ready", to: "preparing", by: counter },
  { from: "ready", to: "out_for_delivery", by: [...counter, "delivery"] },
  { from: "ready", to: "completed", by: counter },
  { from: "ready", to: "cancelled", by: counter },
  { from: "out_for_delivery", to: "ready", by: [...counter, "delivery"] },
  { from: "out_for_delivery", to: "completed", by: [...counter, "delivery"] },
  { from: "out_for_delivery", to: "cancelled", by: counter },
];

export const mayMove = (from: OrderStatus, to: OrderStatus, by: Mover): boolean =>
  transitions.some((transition) => transition.from === from && transition.to === to && transition.by.includes(by));
