import { useMutation, useQuery } from "@tanstack/react-query";
import { unwrap } from "../../../shared/api/request.ts";
import { inCafe, stockApi } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Form } from "../../ui/form.tsx";
import { ErrorNote } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import type { Item } from "./menu-queries.ts";

const shownMovements = 6;

/** How many there are; empty means that nobody counts. */
export function StockEditor({ item }: { readonly item: Item }) {
  const w = useWords();
  const { since } = useDates();
  const param = { itemId: item.id };
  const movements = useQuery({
    queryKey: ["cafe", "stock", item.id],
    queryFn: () =>
      unwrap(stockApi.admin.menu.items[":itemId"]["stock-movements"].$get({ param, query: { limit: shownMovements, ...inCafe() } })),
  });
  const soldOut = useMutation({
    mutationFn: () =>
      unwrap(stockApi.admin.menu.items[":itemId"]["sold-out"].$post({ param, query: inCafe(), json: { is_sold_out: !item.is_sold_out } })),
    onSettled: () => refresh("cafe"),
  });
  return (
    <section className="card stack">
      <h2>{w.menu.stock}</h2>
      <Form
        key={`${item.stock}`}
        fields={[
          {
            name: "set",
            label: w.menu.stockNow,
            kind: "number",
            isOptional: true,
            value: item.stock === null ? "" : String(item.stock),
            hint: w.menu.stockHint,
          },
        ]}
        submit={w.app.save}
        onSubmit={({ set = "" }) =>
          unwrap(
            stockApi.admin.menu.items[":itemId"].stock.$patch({
              param,
              query: inCafe(),
              json: { set: set === "" ? null : Number(set), expected: item.stock },
            }),
          )
        }
        onDone={() => void refresh("cafe")}
      />
      <button type="button" className="button button-small button-second" disabled={soldOut.isPending} onClick={() => soldOut.mutate()}>
        {item.is_sold_out ? w.menu.backOnSale : w.menu.markSoldOut}
      </button>
      <ErrorNote error={soldOut.error} />
      {movements.data && movements.data.items.length > 0 && (
        <ul className="movements" aria-label={w.menu.movements}>
          {movements.data.items.map(({ id, change, reason, at }) => (
            <li key={id}>
              <strong>{change > 0 ? `+${change}` : change}</strong> <span>{w.menu.reasons[reason]}</span>
              <span className="soft small">{since(at)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
