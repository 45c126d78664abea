import { memo } from "react";
import { clock } from "../../../shared/money/dates.ts";
import { price } from "../../../shared/money/money.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { useWords } from "../../words/words.ts";
import { type BoardOrder, backOf, needsCash, nextOf } from "./board-orders.ts";
import { advance } from "./moves.ts";

const lateMinutes = 12;
const soonMinutes = 6;

interface TicketProps {
  readonly order: BoardOrder;
  /** Since when somebody waits; below zero it is for later. */
  readonly minutes: number;
  readonly isNew: boolean;
  readonly onOpen: (order: BoardOrder) => void;
}

/** One order as the kitchen reads it. It is drawn anew only when something on it changed: sixty of them stay quick. */
export const Ticket = memo(function Ticket({ order, minutes, isNew, onOpen }: TicketProps) {
  const w = useWords();
  const next = nextOf(order);
  const back = backOf(order);
  const age = minutes >= lateMinutes ? "late" : minutes >= soonMinutes ? "soon" : "fresh";
  const isWaiting = order.status === "received" && !order.can_start;
  const number = shortNumber(order.order_number);
  return (
    <li className={`kitchen-ticket ${isWaiting ? "kitchen-waiting" : `kitchen-${age}`} ${isNew ? "kitchen-new" : ""}`}>
      <button type="button" className="kitchen-head" onClick={() => onOpen(order)}>
        <span className="sr-only">{w.board.open} </span>
        <span className="kitchen-number">{number}</span>
        <span className="kitchen-place">
          {order.order_type === "table"
            ? order.table_label
            : order.order_type === "delivery"
              ? w.board.delivery
              : (order.student_name ?? w.board.pickup)}
        </span>
        <span className="kitchen-age">
          {minutes < 0 ? w.board.for(clock(order.scheduled_for ?? order.created_at)) : w.board.minutes(minutes)}
          {age !== "fresh" && !isWaiting && <span className="sr-only"> {w.board[age]}</span>}
        </span>
      </button>
      <ul className="kitchen-items">
        {order.items.map((item, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same dish may stand on two lines; lines never move.
          <li key={index}>
            <strong>{item.quantity}×</strong>
            <span>
              {item.item_name}
              {item.options.length > 0 && <small>{item.options.map(({ name }) => name).join(", ")}</small>}
            </span>
          </li>
        ))}
      </ul>
      {order.special_instructions && <p className="kitchen-note">{order.special_instructions}</p>}
      {isWaiting ? (
        <p className="kitchen-unpaid">{w.board.unpaid}</p>
      ) : (
        <div className="kitchen-foot">
          {back && (
            <button
              type="button"
              className="button button-second kitchen-back"
              onClick={() => advance(order, back)}
              aria-label={w.board.backOf(number)}
            >
              ←
            </button>
          )}
          {next ? (
            <button type="button" className="button kitchen-next" onClick={() => advance(order, next)}>
              {w.board.next[next as "preparing"]}
              <span className="sr-only"> {number}</span>
            </button>
          ) : (
            <button type="button" className="button button-second kitchen-next" onClick={() => onOpen(order)}>
              {needsCash(order) ? w.board.takeCash(price(order.total_minor, order.currency)) : w.board.notPaid}
            </button>
          )}
        </div>
      )}
    </li>
  );
});
