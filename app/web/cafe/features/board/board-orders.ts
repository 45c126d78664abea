import { queryOptions } from "@tanstack/react-query";
import { unwrap } from "../../../shared/api/request.ts";
import { boardApi } from "../../api.ts";

const pagesAtMost = 3;
const open = "received,preparing,ready,out_for_delivery";

const ask = (query: { readonly cursor?: string }) => unwrap(boardApi.admin.orders.$get({ query: { status: open, limit: 100, ...query } }));

export type BoardOrder = Awaited<ReturnType<typeof ask>>["items"][number];

async function readOpen(): Promise<BoardOrder[]> {
  const found: BoardOrder[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesAtMost; page += 1) {
    const { items, next_cursor } = await ask(cursor === undefined ? {} : { cursor });
    found.push(...items);
    if (next_cursor === null) break;
    cursor = next_cursor;
  }
  return found.toSorted((one, other) => dueOf(one).localeCompare(dueOf(other)));
}

export const boardKey = ["board"];
export const boardQuery = queryOptions({ queryKey: boardKey, queryFn: readOpen, staleTime: 0 });

export type Status = BoardOrder["status"];

/** When somebody begins to wait for it. */
export const dueOf = ({ scheduled_for, created_at }: Pick<BoardOrder, "scheduled_for" | "created_at">): string =>
  scheduled_for ?? created_at;

/** One tap forward; undefined where nothing follows yet. */
export function nextOf(order: BoardOrder): Status | undefined {
  const isPaid = order.payment_status === "paid";
  switch (order.status) {
    case "received":
      return order.can_start ? "preparing" : undefined;
    case "preparing":
      return "ready";
    case "ready":
      if (order.order_type === "delivery") return "out_for_delivery";
      return isPaid ? "completed" : undefined;
    case "out_for_delivery":
      return isPaid ? "completed" : undefined;
    default:
      return undefined;
  }
}

/** One tap back, which the server allows for some minutes. */
export const backOf = ({ status }: Pick<BoardOrder, "status">): Status | undefined =>
  (({ preparing: "received", ready: "preparing", out_for_delivery: "ready" }) as Partial<Record<Status, Status>>)[status];

export const needsCash = (order: BoardOrder): boolean => order.payment_method === "cash" && order.payment_status === "pending";

export const sendStep = (orderId: string, from: Status, to: Status, reason?: string) =>
  unwrap(
    boardApi.admin.orders[":orderId"].status.$patch({
      param: { orderId },
      json: { status: to, from, ...(reason === undefined ? {} : { reason }) },
    }),
  );
