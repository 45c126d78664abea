import { useEffect } from "react";
import { money } from "../../shared/money/money.ts";
import { shortNumber } from "../../shared/money/order-number.ts";
import { CheckIcon, ClockIcon, CrossIcon, OfflineIcon } from "../../shared/ui/icons.tsx";
import { choose, send, type TillState } from "../till.ts";
import { useWords } from "../words/words.ts";

type Shown = Exclude<TillState, { kind: "idle" | "sending" | "waiting" }>;

const paidForMs = 4_000;
const tryAgainMs = 3_000;

/** What became of it: one word, one icon, one colour, one sound. */
export function Outcome({ state, onNext }: { readonly state: Shown; readonly onNext: () => void }) {
  const w = useWords();
  useEffect(() => {
    if (state.kind === "paid" && !state.changeMinor) {
      const timer = setTimeout(onNext, paidForMs);
      return () => clearTimeout(timer);
    }
    if (state.kind === "not-sent") {
      const timer = setTimeout(() => void send(state.attempt), tryAgainMs);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [state, onNext]);
  if (state.kind === "paid")
    return (
      <div className="screen screen-paid" role="status">
        <CheckIcon size={180} />
        <h1>{w.paid.title}</h1>
        <p className="screen-amount">{money(state.amountMinor, state.currency)}</p>
        <p className="screen-who">{w.paid.number(shortNumber(state.orderNumber))}</p>
        {state.changeMinor !== undefined && state.changeMinor > 0 && (
          <p className="screen-change">
            {w.cash.change} <strong>{money(state.changeMinor, state.currency)}</strong>
          </p>
        )}
        <button type="button" className="button till-button screen-button" onClick={onNext}>
          {w.paid.next}
        </button>
      </div>
    );
  if (state.kind === "not-sent")
    return (
      <div className="screen screen-wait" role="alert">
        <OfflineIcon size={160} />
        <h1>{w.notSent.title}</h1>
        <p>{w.notSent.what}</p>
        <div className="screen-buttons">
          <button type="button" className="button till-button screen-button" onClick={() => void send(state.attempt)}>
            {w.notSent.again}
          </button>
          <button type="button" className="button till-button screen-button" onClick={onNext}>
            {w.notSent.stop}
          </button>
        </div>
      </div>
    );
  if (state.kind === "choose")
    return (
      <div className="screen">
        <h1>{w.choose.title}</h1>
        <div className="choices">
          {state.orders.map((order) => (
            <button
              key={order.id}
              type="button"
              className="button button-second till-button"
              onClick={() => choose(state.attempt, order.id)}
            >
              {shortNumber(order.order_number)} · {money(order.amount_minor, order.currency)}
            </button>
          ))}
        </div>
        <button type="button" className="button button-words" onClick={onNext}>
          {w.app.cancel}
        </button>
      </div>
    );
  const isExpired = state.kind === "ended" && state.ending === "expired";
  return (
    <div className="screen screen-no" role="alert">
      {isExpired ? <ClockIcon size={160} /> : <CrossIcon size={160} />}
      <h1>{state.kind === "ended" ? w.no[state.ending] : w.no.refused}</h1>
      <p>{state.kind === "ended" ? w.no.what : w.errors[state.error.code]}</p>
      <button type="button" className="button till-button screen-button" onClick={onNext}>
        {w.paid.next}
      </button>
    </div>
  );
}
