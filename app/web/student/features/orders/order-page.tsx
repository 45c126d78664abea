import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { useLive } from "../../../shared/live/student-socket.ts";
import { clock } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { useSession } from "../../../shared/session/student.ts";
import { CheckIcon, CrossIcon } from "../../../shared/ui/icons.tsx";
import { Bones, Notice } from "../../../shared/ui/parts.tsx";
import { useWakeLock } from "../../../shared/ui/wake-lock.ts";
import { chargesApi, ordersApi } from "../../api.ts";
import { cafesQuery, orderQuery, queryClient, walletQuery } from "../../queries.ts";
import { ErrorNote, ErrorState } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";
import { OpenCharge } from "../pay/open-charge.tsx";
import { PushOffer } from "./push-offer.tsx";

type Order = Awaited<ReturnType<NonNullable<ReturnType<typeof orderQuery>["queryFn"]>>>;

const askEveryMs = { live: 15_000, alone: 3_000 };
const hasEnded = ({ status }: Order) => status === "completed" || status === "cancelled";

export function OrderPage() {
  const { orderId } = useParams({ from: "/orders/$orderId" });
  const session = useSession();
  const isLive = useLive();
  const order = useQuery({
    ...orderQuery(orderId),
    enabled: session.kind === "in",
    refetchInterval: ({ state }) => (state.data && hasEnded(state.data) ? false : isLive ? askEveryMs.live : askEveryMs.alone),
  });
  if (session.kind === "out") return <Navigate to="/login" search={{ to: `/orders/${orderId}` }} replace />;
  if (order.isPending)
    return (
      <div className="narrow">
        <Bones count={2} height={260} />
      </div>
    );
  if (!order.data) return <ErrorState isPage error={order.error} onRetry={() => void order.refetch()} />;
  const isUnpaid = order.data.payment_status === "pending" && !hasEnded(order.data) && order.data.payment_method === "wallet";
  return (
    <div className="narrow stack">
      <Head order={order.data} isUnpaid={isUnpaid} />
      {isUnpaid && <Unpaid order={order.data} />}
      <Timeline order={order.data} />
      {order.data.payment_status === "paid" && !hasEnded(order.data) && order.data.status !== "ready" && <PushOffer />}
      <Lines order={order.data} />
      <Actions order={order.data} isUnpaid={isUnpaid} />
    </div>
  );
}

/** The pickup number, to be read at arm's length. */
function Head({ order, isUnpaid }: { readonly order: Order; readonly isUnpaid: boolean }) {
  const w = useWords();
  const cafes = useQuery(cafesQuery);
  const cafe = cafes.data?.items.find(({ id }) => id === order.cafe_id);
  const isReady = order.status === "ready";
  return (
    <div className={`pickup ${isUnpaid ? "pickup-unpaid" : isReady ? "pickup-ready" : ""}`}>
      <h1 className="pickup-title">
        {isUnpaid ? w.orders.placed : w.orders.status[order.status]}
        <span className="sr-only">
          : {w.orders.pickupNumber} {shortNumber(order.order_number)}
        </span>
      </h1>
      <p className={`pickup-number ${shortNumber(order.order_number).length > 3 ? "pickup-number-long" : ""}`} aria-hidden="true">
        {shortNumber(order.order_number)}
      </p>
      <p>
        {cafe?.name}
        {order.table_label ? ` · ${w.menu.table(order.table_label)}` : ""}
      </p>
      {isReady && <strong>{w.orders.readyWhat}</strong>}
      {!isReady && order.scheduled_for && <span className="chip">{w.orders.scheduled(clock(order.scheduled_for, cafe?.time_zone))}</span>}
      {!isReady && !hasEnded(order) && order.estimated_ready_time && order.payment_status === "paid" && (
        <span className="chip chip-act">{w.orders.readyBy(clock(order.estimated_ready_time, cafe?.time_zone))}</span>
      )}
    </div>
  );
}

function Unpaid({ order }: { readonly order: Order }) {
  const w = useWords();
  const wallet = useQuery(walletQuery);
  const navigate = useNavigate();
  const [code, setCode] = useState("");
  useWakeLock(true);
  const find = useMutation({
    mutationFn: () => unwrap(chargesApi.charges.open.$get({ query: { short_code: code.trim() } })),
    onSuccess: ({ items }) => items[0] && void navigate({ to: "/pay/$chargeId", params: { chargeId: items[0].id } }),
  });
  const missingMinor = wallet.data ? order.total_minor - wallet.data.balance_minor : 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    find.mutate();
  };
  return (
    <>
      <OpenCharge />
      <Notice tone="wait" title={w.orders.unpaid}>
        {w.orders.unpaidWhat}
      </Notice>
      {missingMinor > 0 && (
        <Notice tone="no" title={w.orders.topUpFirst(money(missingMinor, order.currency))}>
          <Link to="/wallet" search={{ amount: Math.max(5_000, Math.ceil(missingMinor / 1_000) * 1_000) }} className="button">
            {w.orders.topUp}
          </Link>
        </Notice>
      )}
      <details className="card">
        <summary>{w.orders.shortCode}</summary>
        <form className="row short-code" onSubmit={submit}>
          <label className="sr-only" htmlFor="short-code">
            {w.orders.shortCodeLabel}
          </label>
          <input
            id="short-code"
            className="input"
            autoCapitalize="characters"
            autoComplete="off"
            maxLength={12}
            value={code}
            onChange={({ target }) => setCode(target.value.toUpperCase())}
          />
          <button type="submit" className="button" disabled={code.trim().length < 4}>
            {w.orders.find}
          </button>
        </form>
        {find.data?.items.length === 0 && <Notice tone="no" title={w.errors.NOT_FOUND} />}
        <ErrorNote error={find.error} />
      </details>
    </>
  );
}

function Timeline({ order }: { readonly order: Order }) {
  const w = useWords();
  if (order.status === "cancelled")
    return (
      <Notice tone="no" title={w.orders.cancelled}>
        {order.cancel_reason}
        {order.refunded_minor > 0 && ` ${w.orders.refunded}: ${money(order.refunded_minor, order.currency)}`}
      </Notice>
    );
  const isPaid = order.payment_status !== "pending";
  const reached = { received: isPaid ? 1 : 0, preparing: 2, ready: 3, out_for_delivery: 3, completed: 4 }[order.status];
  const steps = [w.orders.placed, w.orders.paid, w.orders.preparing, w.orders.ready, w.orders.done];
  return (
    <ol className="timeline">
      {steps.map((step, index) => (
        <li
          key={step}
          className={index < reached || (index === reached && reached === 4) ? "done" : index === reached ? "now" : ""}
          aria-current={index === reached ? "step" : undefined}
        >
          <span className="timeline-dot">{index <= reached && <CheckIcon size={16} />}</span>
          {step}
        </li>
      ))}
    </ol>
  );
}

function Lines({ order }: { readonly order: Order }) {
  const w = useWords();
  return (
    <div className="ticket-holder">
      <div className="ticket">
        <ul className="lines">
          {order.items.map((item) => (
            <li key={`${item.menu_item_id} ${item.options.map(({ choice_id }) => choice_id).join()}`}>
              <span>{item.quantity} ×</span>
              <span>
                {item.item_name}
                {item.options.length > 0 && <span className="soft small"> {item.options.map(({ name }) => name).join(", ")}</span>}
              </span>
              <span>{money(item.line_total_minor, order.currency)}</span>
            </li>
          ))}
        </ul>
        {order.special_instructions && <p className="soft small">“{order.special_instructions}”</p>}
        <hr />
        <div className="row-between">
          <strong>{w.basket.total}</strong>
          <strong className="basket-total">{money(order.total_minor, order.currency)}</strong>
        </div>
        {order.refunded_minor > 0 && (
          <div className="row-between">
            <span>{w.orders.refunded}</span>
            <span>{money(order.refunded_minor, order.currency)}</span>
          </div>
        )}
      </div>
    </div>
  );
}

function Actions({ order, isUnpaid }: { readonly order: Order; readonly isUnpaid: boolean }) {
  const w = useWords();
  const navigate = useNavigate();
  const [isSure, setIsSure] = useState(false);
  const changed = () => void queryClient.invalidateQueries({ queryKey: ["mine", "orders"] });
  const cancel = useMutation({
    mutationFn: () =>
      unwrap(ordersApi.orders[":orderId"].cancel.$post({ param: { orderId: order.id } }, { headers: { "idempotency-key": order.id } })),
    onSettled: changed,
  });
  const [againKey] = useState(() => crypto.randomUUID());
  const again = useMutation({
    mutationFn: () =>
      unwrap(
        ordersApi.orders[":orderId"].reorder.$post(
          { param: { orderId: order.id }, json: { without_unavailable: true } },
          { headers: { "idempotency-key": againKey } },
        ),
      ) as Promise<{ order: { id: string } }>,
    onSuccess: (answer) => {
      changed();
      void navigate({ to: "/orders/$orderId", params: { orderId: answer.order.id } });
    },
  });
  return (
    <div className="stack">
      <ErrorNote error={cancel.error ?? again.error} />
      {!isUnpaid && (
        <button type="button" className="button button-second" disabled={again.isPending} onClick={() => again.mutate()}>
          {w.orders.again}
        </button>
      )}
      {isUnpaid && order.at_counter && <p className="soft">{w.orders.atCounter}</p>}
      {isUnpaid &&
        !order.at_counter &&
        (isSure ? (
          <Notice tone="no" title={w.orders.cancelSure}>
            <div className="row">
              <button type="button" className="button button-second" onClick={() => setIsSure(false)}>
                {w.orders.change}
              </button>
              <button type="button" className="button button-no" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
                {w.orders.cancel}
              </button>
            </div>
          </Notice>
        ) : (
          <button type="button" className="button button-words" onClick={() => setIsSure(true)}>
            <CrossIcon size={18} /> {w.orders.cancel}
          </button>
        ))}
    </div>
  );
}
