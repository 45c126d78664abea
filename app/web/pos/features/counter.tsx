import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { unwrap } from "../../shared/api/request.ts";
import { money, price } from "../../shared/money/money.ts";
import { CardIcon } from "../../shared/ui/icons.tsx";
import { Notice } from "../../shared/ui/parts.tsx";
import { menuApi } from "../device.ts";
import { onSaleDone, type SaleLine } from "../till.ts";
import type { Till } from "../till-page.tsx";
import { useWords } from "../words/words.ts";
import { CashSheet } from "./cash-sheet.tsx";

interface CounterProps {
  readonly till: Till;
  readonly lines: readonly SaleLine[];
  readonly onLines: (lines: readonly SaleLine[]) => void;
  readonly isSending: boolean;
  readonly hasJustRead: boolean;
}

/** Dishes to tap on the left, what was tapped and "hold the card" on the right. */
export function Counter({ till, lines, onLines, isSending, hasJustRead }: CounterProps) {
  const w = useWords();
  const [isCash, setIsCash] = useState(false);
  const [search, setSearch] = useState("");
  const items = useQuery({
    queryKey: ["items", till.cafe.id],
    queryFn: () => unwrap(menuApi.menu.items.$get({ query: { cafe_id: till.cafe.id } })),
    refetchInterval: 20_000,
  });
  useEffect(() => onSaleDone(() => onLines([])), [onLines]);
  const total = lines.reduce((sum, { quantity, priceMinor }) => sum + quantity * priceMinor, 0);
  const add = (item: { id: string; name: string; price_minor: number }) => {
    const known = lines.find(({ itemId }) => itemId === item.id);
    onLines(
      known
        ? lines.map((line) => (line === known ? { ...line, quantity: line.quantity + 1 } : line))
        : [...lines, { itemId: item.id, name: item.name, priceMinor: item.price_minor, quantity: 1 }],
    );
  };
  const take = (line: SaleLine) =>
    onLines(lines.flatMap((known) => (known !== line ? [known] : line.quantity > 1 ? [{ ...line, quantity: line.quantity - 1 }] : [])));
  const wanted = search.trim().toLowerCase();
  return (
    <div className="counter">
      <section className="counter-dishes" aria-label={w.idle.search}>
        <input
          className="input"
          type="search"
          aria-label={w.idle.search}
          placeholder={w.idle.search}
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
        <div className="counter-grid">
          {items.data?.items
            .filter(({ name }) => name.toLowerCase().includes(wanted))
            .map((item) => (
              <button key={item.id} type="button" className="product" disabled={!item.is_available} onClick={() => add(item)}>
                {item.image && <img src={item.image.small} alt="" width={160} height={96} loading="lazy" />}
                <span className="product-name">{item.name}</span>
                <span className="product-price">{item.is_available ? price(item.price_minor, item.currency) : w.idle.soldOut}</span>
              </button>
            ))}
        </div>
      </section>
      <section className="counter-sale" aria-live="polite">
        <div className={`hold ${isSending ? "hold-sending" : ""}`}>
          <CardIcon size={72} />
          <h1>{isSending ? w.idle.reading : lines.length > 0 ? w.idle.sale : w.idle.title}</h1>
          {lines.length === 0 && <p>{w.idle.what}</p>}
          {hasJustRead && <Notice tone="wait" title={w.idle.again} />}
        </div>
        {lines.length > 0 && (
          <>
            <ul className="sale-lines">
              {lines.map((line) => (
                <li key={line.itemId}>
                  <button type="button" className="sale-line" aria-label={w.idle.remove(line.name)} onClick={() => take(line)}>
                    <span>{line.quantity} ×</span>
                    <span>{line.name}</span>
                    <span>{money(line.priceMinor * line.quantity, till.cafe.currency)}</span>
                  </button>
                </li>
              ))}
            </ul>
            <div className="row-between sale-total">
              <strong>{w.idle.total}</strong>
              <strong>{money(total, till.cafe.currency)}</strong>
            </div>
            <div className="sale-buttons">
              <button type="button" className="button button-second till-button" onClick={() => onLines([])}>
                {w.idle.clear}
              </button>
              <button type="button" className="button till-button" onClick={() => setIsCash(true)}>
                {w.idle.cash}
              </button>
            </div>
          </>
        )}
      </section>
      {isCash && <CashSheet lines={lines} totalMinor={total} currency={till.cafe.currency} onClose={() => setIsCash(false)} />}
    </div>
  );
}
