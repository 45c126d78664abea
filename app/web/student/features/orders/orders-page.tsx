import { useQuery } from "@tanstack/react-query";
import { Link, Navigate } from "@tanstack/react-router";
import { dayAndTime } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { useSession } from "../../../shared/session/student.ts";
import { TicketIcon } from "../../../shared/ui/icons.tsx";
import { Bones, EmptyState } from "../../../shared/ui/parts.tsx";
import { cafesQuery, ordersQuery } from "../../queries.ts";
import { ErrorState } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";
import { OpenCharge } from "../pay/open-charge.tsx";

export function OrdersPage() {
  const w = useWords();
  const session = useSession();
  const orders = useQuery({ ...ordersQuery, enabled: session.kind === "in" });
  const cafes = useQuery(cafesQuery);
  if (session.kind === "out") return <Navigate to="/login" search={{ to: "/orders" }} replace />;
  return (
    <div className="narrow stack">
      <h1>{w.orders.title}</h1>
      {session.kind === "in" && <OpenCharge />}
      {orders.isPending && <Bones count={4} height={92} />}
      {orders.data?.items.length === 0 && (
        <EmptyState title={w.orders.none} what={w.orders.noneWhat} icon={<TicketIcon size={36} />}>
          <Link to="/" className="button">
            {w.orders.browse}
          </Link>
        </EmptyState>
      )}
      {orders.isError && <ErrorState error={orders.error} onRetry={() => void orders.refetch()} />}
      <ul className="stack">
        {orders.data?.items.map((order) => (
          <li key={order.id}>
            <Link to="/orders/$orderId" params={{ orderId: order.id }} className="card order-row">
              <span className="order-row-number">{shortNumber(order.order_number)}</span>
              <span className="stack-tight">
                <strong>
                  {order.items.map(({ item_name, quantity }) => (quantity > 1 ? `${quantity} × ${item_name}` : item_name)).join(", ")}
                </strong>
                <span className="soft small order-row-where">
                  <span>{cafes.data?.items.find(({ id }) => id === order.cafe_id)?.name}</span>
                  <span>{dayAndTime(order.created_at)}</span>
                </span>
              </span>
              <span className="stack-tight order-row-end">
                <strong>{money(order.total_minor, order.currency)}</strong>
                <span className={`chip ${chipOf(order)}`}>
                  {order.payment_status === "pending" && order.status !== "cancelled"
                    ? w.orders.payment.pending
                    : w.orders.status[order.status]}
                </span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

const chipOf = ({ status, payment_status }: { readonly status: string; readonly payment_status: string }) =>
  status === "cancelled" ? "chip-no" : payment_status === "pending" ? "chip-wait" : status === "ready" ? "chip-act" : "";
