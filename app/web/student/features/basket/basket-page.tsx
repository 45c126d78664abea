import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, unwrap } from "../../../shared/api/request.ts";
import { clock } from "../../../shared/money/dates.ts";
import { money, price } from "../../../shared/money/money.ts";
import { useSession } from "../../../shared/session/student.ts";
import { TicketIcon } from "../../../shared/ui/icons.tsx";
import { EmptyState, Notice, Stepper } from "../../../shared/ui/parts.tsx";
import { ordersApi } from "../../api.ts";
import { type Basket, emptyBasket, type SeatedAt, setNote, setQuantity, totalOf, useBasket, useTable } from "../../basket.ts";
import { cafeQuery, itemsQuery, queryClient, slotsQuery } from "../../queries.ts";
import { ErrorNote, useOnline } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";

export function BasketPage() {
  const w = useWords();
  const basket = useBasket();
  if (basket) return <Filled basket={basket} />;
  return (
    <div className="narrow">
      <h1 className="sr-only">{w.basket.title}</h1>
      <EmptyState title={w.basket.empty} what={w.basket.emptyWhat} icon={<TicketIcon size={36} />}>
        <Link to="/" className="button">
          {w.menu.toCafes}
        </Link>
      </EmptyState>
    </div>
  );
}

const shownSlots = 8;

function Filled({ basket }: { readonly basket: Basket }) {
  const w = useWords();
  const session = useSession();
  const isOnline = useOnline();
  const navigate = useNavigate();
  const seat = useTable();
  const table = seat?.cafeId === basket.cafeId ? seat : undefined;
  const [isAtTable, setIsAtTable] = useState(table !== undefined);
  const [slot, setSlot] = useState("");
  const cafe = useQuery(cafeQuery(basket.cafeId));
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: cafe.data?.time_zone ?? "UTC" }).format(new Date());
  const slots = useQuery({ ...slotsQuery(basket.cafeId, today), enabled: cafe.data !== undefined });
  const free =
    slots.data?.items.filter(({ remaining, starts_at }) => remaining > 0 && new Date(starts_at) > new Date()).slice(0, shownSlots) ?? [];
  const place = useMutation({
    mutationFn: () => placeOrder(basket, isAtTable ? table : undefined, slot),
    onSuccess: ({ order }) => {
      emptyBasket();
      void queryClient.invalidateQueries({ queryKey: ["mine", "orders"] });
      void navigate({ to: "/orders/$orderId", params: { orderId: order.id }, replace: true });
    },
    onError: (error) =>
      error instanceof ApiError &&
      error.code === "ITEM_UNAVAILABLE" &&
      void queryClient.invalidateQueries({ queryKey: itemsQuery(basket.cafeId).queryKey }),
  });
  const total = totalOf(basket);
  return (
    <div className="narrow stack">
      <h1>{w.basket.title}</h1>
      <p className="soft">{basket.cafeName}</p>
      <div className="ticket-holder">
        <div className="ticket">
          <ul className="basket-lines">
            {basket.lines.map((line) => (
              <li key={line.key} className="basket-line">
                <div className="stack-tight">
                  <strong>{line.name}</strong>
                  {line.choices.length > 0 && <span className="soft small">{line.choices.map(({ name }) => name).join(", ")}</span>}
                  <span>{money(line.unitMinor * line.quantity, basket.currency)}</span>
                </div>
                <Stepper
                  least={0}
                  value={line.quantity}
                  label={`${w.menu.quantity} ${line.name}`}
                  fewer={line.quantity === 1 ? w.basket.remove : w.menu.fewer}
                  more={w.menu.more}
                  onChange={(quantity) => setQuantity(line.key, quantity)}
                />
              </li>
            ))}
          </ul>
          <hr />
          <div className="row-between">
            <strong>{w.basket.total}</strong>
            <strong className="basket-total">{money(total, basket.currency)}</strong>
          </div>
        </div>
      </div>
      {table && (
        <fieldset className="options">
          <legend>{w.basket.how}</legend>
          <label className="option">
            <input type="radio" name="how" checked={isAtTable} onChange={() => setIsAtTable(true)} />
            <span>
              {w.basket.atTable} ({table.label})
            </span>
          </label>
          <label className="option">
            <input type="radio" name="how" checked={!isAtTable} onChange={() => setIsAtTable(false)} />
            <span>{w.basket.pickup}</span>
          </label>
        </fieldset>
      )}
      {free.length > 0 && (
        <label className="field">
          <span>{w.basket.when}</span>
          <select className="input" value={slot} onChange={({ target }) => setSlot(target.value)}>
            <option value="">{w.basket.soon}</option>
            {free.map(({ starts_at }) => (
              <option key={starts_at} value={starts_at}>
                {clock(starts_at, cafe.data?.time_zone)}
              </option>
            ))}
          </select>
        </label>
      )}
      <label className="field">
        <span>{w.basket.note}</span>
        <input className="input" maxLength={200} value={basket.note} onChange={({ target }) => setNote(target.value)} />
      </label>
      {cafe.data && !cafe.data.is_open && <Notice tone="tell" title={w.menu.closedNow} />}
      {!isOnline && <Notice tone="wait" title={w.basket.offline} />}
      <ErrorNote error={place.error} />
      <p className="soft small">{w.basket.pay}</p>
      {session.kind === "in" ? (
        <button
          type="button"
          className="button button-big button-wide"
          disabled={place.isPending || !isOnline}
          onClick={() => place.mutate()}
        >
          {w.basket.order(price(total, basket.currency))}
        </button>
      ) : (
        <Link to="/login" search={{ to: "/basket" }} className="button button-big button-wide">
          {w.basket.logInToOrder}
        </Link>
      )}
    </div>
  );
}

const placeOrder = (basket: Basket, table: SeatedAt | undefined, slot: string) =>
  unwrap(
    ordersApi.orders.$post(
      {
        json: {
          cafe_id: basket.cafeId,
          items: basket.lines.map(({ itemId, quantity, choices }) => ({
            menu_item_id: itemId,
            quantity,
            choice_ids: choices.map(({ id }) => id),
          })),
          payment_method: "wallet",
          ...(table ? { order_type: "table" as const, table_code: table.code } : { order_type: "pickup" as const }),
          ...(basket.note.trim() === "" ? {} : { special_instructions: basket.note.trim() }),
          ...(slot === "" ? {} : { scheduled_for: slot }),
        },
      },
      { headers: { "idempotency-key": basket.orderKey } },
    ),
  ) as Promise<{ order: { id: string } }>;
