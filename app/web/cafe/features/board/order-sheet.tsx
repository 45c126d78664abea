import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { dayAndTime } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { boardApi, intent, staffApi } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { Form } from "../../ui/form.tsx";
import { Chip, ErrorNote, Sure } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { type BoardOrder, boardKey, needsCash, sendStep } from "./board-orders.ts";
import { RefundForm } from "./refund-form.tsx";

/** Everything about one order, and what is done rarely: cash, cancel, nobody came, give back, who brings it. */
export function OrderSheet({ order, onClose }: { readonly order: BoardOrder; readonly onClose: () => void }) {
  const w = useWords();
  const [isCancelling, setIsCancelling] = useState(false);
  // One key per thing meant: a second tap after a lost answer takes the money once.
  const keys = useRef({ cash: intent() });
  const done = async () => {
    await refresh(...boardKey);
    onClose();
  };
  const param = { orderId: order.id };
  const cash = useMutation({
    mutationFn: () => unwrap(boardApi.admin.orders[":orderId"]["cash-received"].$post({ param }, keys.current.cash)),
    onSuccess: done,
  });
  const noShow = useMutation({
    mutationFn: () => unwrap(boardApi.admin.orders[":orderId"]["no-show"].$post({ param })),
    onSuccess: done,
  });
  const session = useStaffSession();
  const mayRefund = session.kind === "in" && (session.user.role === "owner" || session.user.role === "cashier");
  const isOpen = order.status !== "completed" && order.status !== "cancelled";
  const left = order.total_minor - order.refunded_minor;
  // Cash is paid back at the counter. Decided once: the form tells what was given back when nothing is left, too.
  const [isRefundable] = useState(order.payment_status === "paid" && order.payment_method !== "cash" && left > 0);
  return (
    <Sheet title={order.order_number} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">
        {shortNumber(order.order_number)}{" "}
        <Chip tone={order.payment_status === "paid" ? "act" : "wait"}>{w.board.payment[order.payment_status]}</Chip>
      </h2>
      <p className="soft">
        {[dayAndTime(order.created_at), order.student_name, order.table_label, order.delivery_address].filter(Boolean).join(" · ")}
      </p>
      <ul className="lines">
        {order.items.map((item, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines never move.
          <li key={index}>
            <strong>{item.quantity}×</strong>
            <span>
              {item.item_name} <small className="soft">{item.options.map(({ name }) => name).join(", ")}</small>
            </span>
            <span>{money(item.line_total_minor, order.currency)}</span>
          </li>
        ))}
      </ul>
      <p className="row-between">
        <strong>{w.app.total}</strong>
        <strong>{money(order.total_minor, order.currency)}</strong>
      </p>
      {order.special_instructions && <p className="kitchen-note">{order.special_instructions}</p>}
      {order.order_type === "delivery" && isOpen && <Drivers order={order} onDone={done} />}
      <ErrorNote error={cash.error ?? noShow.error} />
      <div className="sheet-actions">
        {needsCash(order) && isOpen && (
          <button type="button" className="button" disabled={cash.isPending} onClick={() => cash.mutate()}>
            {w.board.takeCash(money(order.total_minor, order.currency))}
          </button>
        )}
        {order.status === "ready" && (
          <Sure label={w.board.noShow} sure={w.board.noShowSure} isPending={noShow.isPending} onSure={() => noShow.mutate()} />
        )}
        {isOpen && !isCancelling && (
          <button type="button" className="button button-small button-no" onClick={() => setIsCancelling(true)}>
            {w.board.cancel}
          </button>
        )}
      </div>
      {isCancelling && (
        <Form
          fields={[{ name: "reason", label: w.board.cancelWhy, most: 200 }]}
          submit={w.board.cancel}
          tone="no"
          onSubmit={({ reason = "" }) => sendStep(order.id, order.status, "cancelled", reason)}
          onDone={() => void done()}
        />
      )}
      {mayRefund && isRefundable && (
        <RefundForm orderId={order.id} leftMinor={left} currency={order.currency} onDone={() => refresh(...boardKey)} />
      )}
    </Sheet>
  );
}

function Drivers({ order, onDone }: { readonly order: BoardOrder; readonly onDone: () => void }) {
  const w = useWords();
  const session = useStaffSession();
  const isOwner = session.kind === "in" && session.user.role === "owner";
  const drivers = useQuery({
    queryKey: ["drivers"],
    queryFn: () => unwrap(staffApi.admin.staff.$get({ query: { role: "delivery", limit: 100 } })),
    enabled: isOwner,
  });
  if (!isOwner || !drivers.data || drivers.data.items.length === 0) return null;
  return (
    <Form
      fields={[
        {
          name: "staff_id",
          label: w.board.driver,
          value: order.delivery?.staff_id,
          options: drivers.data.items.map(({ id, name }) => ({ value: id, label: name })),
        },
      ]}
      submit={w.board.assign}
      onSubmit={({ staff_id = "" }) =>
        unwrap(boardApi.admin.orders[":orderId"]["assign-delivery"].$post({ param: { orderId: order.id }, json: { staff_id } }, intent()))
      }
      onDone={onDone}
    />
  );
}
