import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../shared/api/request.ts";
import { money, price } from "../../shared/money/money.ts";
import { Notice, Sheet } from "../../shared/ui/parts.tsx";
import { type SaleLine, sellForCash } from "../till.ts";
import { useWords } from "../words/words.ts";

interface CashProps {
  readonly lines: readonly SaleLine[];
  readonly totalMinor: number;
  readonly currency: string;
  readonly onClose: () => void;
}

const keys = ["7", "8", "9", "4", "5", "6", "1", "2", "3", "00", "0", "←"];

/** A numeric pad as large as fingers, the notes that people hand over, and the change. */
export function CashSheet({ lines, totalMinor, currency, onClose }: CashProps) {
  const w = useWords();
  const [typed, setTyped] = useState("");
  const givenMinor = typed === "" ? totalMinor : Number(typed) * 100;
  const sell = useMutation({ mutationFn: () => sellForCash(lines, givenMinor), onSuccess: onClose });
  const press = (key: string) => setTyped(key === "←" ? typed.slice(0, -1) : `${typed}${key}`.replace(/^0+/, "").slice(0, 6));
  const notes = [100, 200, 500].filter((note) => note * 100 > totalMinor);
  return (
    <Sheet title={w.cash.title} closeLabel={w.app.close} onClose={onClose}>
      <h2>
        {w.idle.total} {money(totalMinor, currency)}
      </h2>
      <div className="row-between cash-given">
        <span>{w.cash.given}</span>
        <strong>{money(givenMinor, currency)}</strong>
      </div>
      <div className="cash-notes">
        <button type="button" className="button button-second till-button" onClick={() => setTyped("")}>
          {w.cash.exact}
        </button>
        {notes.map((note) => (
          <button key={note} type="button" className="button button-second till-button" onClick={() => setTyped(String(note))}>
            {price(note * 100, currency)}
          </button>
        ))}
      </div>
      <div className="pad">
        {keys.map((key) => (
          <button key={key} type="button" className="pad-key" onClick={() => press(key)}>
            {key}
          </button>
        ))}
      </div>
      {givenMinor < totalMinor ? (
        <Notice tone="wait" title={w.cash.short} />
      ) : (
        <div className="row-between cash-given">
          <span>{w.cash.change}</span>
          <strong>{money(givenMinor - totalMinor, currency)}</strong>
        </div>
      )}
      {sell.error instanceof ApiError && <Notice tone="no" title={w.errors[sell.error.code]} />}
      <button
        type="button"
        className="button till-button"
        disabled={givenMinor < totalMinor || sell.isPending}
        onClick={() => sell.mutate()}
      >
        {w.cash.take}
      </button>
    </Sheet>
  );
}
