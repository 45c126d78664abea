import { useMutation, useQuery } from "@tanstack/react-query";
import { unwrap } from "../../../shared/api/request.ts";
import { clock } from "../../../shared/money/dates.ts";
import { price } from "../../../shared/money/money.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { EmptyState } from "../../../shared/ui/parts.tsx";
import { boardApi, deliveryApi, intent } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { Chip, ErrorNote, Loaded, Page, Sure } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";

const key = ["deliveries"];
const ask = () => unwrap(deliveryApi.delivery.assignments.$get({ query: { limit: 50 } }));
type Assignment = Awaited<ReturnType<typeof ask>>["items"][number];

/** For the driver's phone: where to, what, and one button. */
export function DeliveriesPage() {
  const w = useWords();
  const list = useQuery({ queryKey: key, queryFn: ask, refetchInterval: 15_000 });
  return (
    <Page title={w.nav.deliveries}>
      <Loaded query={list}>
        {({ items }) => {
          const open = items.filter(({ status }) => status !== "delivered");
          return open.length === 0 ? (
            <EmptyState title={w.deliveries.none} what={w.deliveries.noneWhat} />
          ) : (
            <ul className="cards">
              {open.map((assignment) => (
                <li key={assignment.id}>
                  <AssignmentCard assignment={assignment} />
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Page>
  );
}

function AssignmentCard({ assignment }: { readonly assignment: Assignment }) {
  const w = useWords();
  const { order, status } = assignment;
  const step = useMutation({
    mutationFn: (to: "picked_up" | "delivered") =>
      unwrap(deliveryApi.delivery.assignments[":assignmentId"].$patch({ param: { assignmentId: assignment.id }, json: { status: to } })),
    onSettled: () => refresh(...key),
  });
  const cash = useMutation({
    mutationFn: () => unwrap(boardApi.admin.orders[":orderId"]["cash-received"].$post({ param: { orderId: order.id } }, intent())),
    onSettled: () => refresh(...key),
  });
  const owes = order.payment_method === "cash" && order.payment_status === "pending";
  return (
    <article className="card stack">
      <div className="row-between">
        <strong className="kitchen-number">{shortNumber(order.order_number)}</strong>
        <Chip tone={status === "picked_up" ? "wait" : ""}>{w.deliveries.states[status]}</Chip>
      </div>
      <p className="delivery-address">{order.delivery_address ?? "–"}</p>
      <p>
        {assignment.student_name}{" "}
        {assignment.student_phone && (
          <a className="button button-small button-words" href={`tel:${assignment.student_phone}`}>
            {assignment.student_phone}
          </a>
        )}
      </p>
      <p className="soft">
        {order.items.map(({ quantity, item_name }) => `${quantity}× ${item_name}`).join(", ")} · {clock(assignment.assigned_at)}
      </p>
      {order.special_instructions && <p className="kitchen-note">{order.special_instructions}</p>}
      <ErrorNote error={step.error ?? cash.error} />
      {owes && status === "picked_up" && (
        <Sure
          label={w.board.takeCash(price(order.total_minor, order.currency))}
          sure={w.deliveries.cashSure}
          onSure={() => cash.mutate()}
        />
      )}
      <button
        type="button"
        className="button button-wide"
        disabled={step.isPending || (status === "picked_up" && owes)}
        onClick={() => step.mutate(status === "assigned" ? "picked_up" : "delivered")}
      >
        {status === "assigned" ? w.deliveries.pickUp : w.deliveries.deliver}
      </button>
    </article>
  );
}
