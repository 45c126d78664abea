import { cheapestItem, type DemoCafe, tillOf } from "./campus.ts";
import type { Student } from "./log-in.ts";
import { type Answer, bodyOf, send } from "./request.ts";

export interface Order {
  readonly id: string;
  readonly total_minor: number;
}

/** What the till shows after a scan. */
export interface Scan {
  readonly charge: { readonly id: string; readonly order_id: string; readonly amount_minor: number };
  readonly match_code: string;
}

/** What the phone sees of a charge, with the number that the student reads from the till. */
export interface Charge {
  readonly id: string;
  readonly order_id: string;
  readonly amount_minor: number;
  readonly digest: string;
  readonly match_code: string;
}

export interface Receipt {
  readonly receipt: string;
  readonly receipt_id: string;
  readonly order_id: string;
  readonly balance_minor_after: number;
}

interface Dish {
  readonly menu_item_id: string;
  readonly quantity: number;
}

const oneCheapDish = (cafe: DemoCafe): readonly Dish[] => [{ menu_item_id: cheapestItem(cafe).id, quantity: 1 }];

export function placeOrder(student: Student, cafe: DemoCafe, items: readonly Dish[] = oneCheapDish(cafe)): Order {
  const body = { cafe_id: cafe.id, items };
  const answer = send("POST", "/orders", { as: student.token, body, name: "order", expected: [201] });
  return bodyOf<{ order: Order }>(answer, [201]).order;
}

/** The card on the reader. With several unpaid orders the person at the till picks this one, which is a 409 and a second scan. */
export function scanCard(student: Student, cafe: DemoCafe, order: Order): Scan {
  const scan = (body: object) =>
    send("POST", "/pos/scans", {
      as: tillOf(cafe),
      body: { card_uid: student.card_uid, ...body },
      name: "scan",
      expected: [200, 201, 409],
    });
  const first = scan({ scan_id: crypto.randomUUID() });
  if (first.status !== 409) return bodyOf<Scan>(first, [200, 201]);
  const { error } = JSON.parse(first.body) as { error: { code: string } };
  if (error.code !== "ORDER_CHOICE_REQUIRED") throw new Error(`The scan was refused with ${error.code}: ${first.body}`);
  return bodyOf<Scan>(scan({ scan_id: crypto.randomUUID(), order_id: order.id }), [200, 201]);
}

/** The phone was woken, or polls, and finds what it is asked to pay. */
export function readOpenCharge(student: Student, { charge, match_code }: Scan): Charge {
  const answer = send("GET", "/charges/open", { as: student.token, name: "open charges", expected: [200] });
  const found = bodyOf<{ items: Omit<Charge, "match_code">[] }>(answer, [200]).items.find(({ id }) => id === charge.id);
  if (!found) throw new Error(`The charge ${charge.id} is not among the open ones of its student.`);
  return { ...found, match_code };
}

export const confirmRequest = (student: Student, { id, digest, match_code }: Charge, expected: readonly number[] = [200]) => ({
  method: "POST",
  path: `/charges/${id}/confirm`,
  as: student.token,
  body: { digest, number_match: match_code },
  name: "confirm",
  expected,
});

export function confirmCharge(student: Student, charge: Charge, expected: readonly number[] = [200]): Answer {
  const { method, path, ...options } = confirmRequest(student, charge, expected);
  return send(method, path, options);
}

/** Orders, lays the card on the reader and looks at the phone. */
export function openCharge(student: Student, cafe: DemoCafe, items?: readonly Dish[]): { readonly order: Order; readonly charge: Charge } {
  const order = placeOrder(student, cafe, items);
  return { order, charge: readOpenCharge(student, scanCard(student, cafe, order)) };
}

/** The whole way from an order to its receipt. */
export function pay(student: Student, cafe: DemoCafe): Receipt {
  const { charge } = openCharge(student, cafe);
  return bodyOf<Receipt>(confirmCharge(student, charge), [200]);
}

export function cancelOrder(student: Student, order: Order): void {
  bodyOf(send("POST", `/orders/${order.id}/cancel`, { as: student.token, name: "cancel", expected: [200] }), [200]);
}
