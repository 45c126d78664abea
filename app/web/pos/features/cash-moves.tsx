import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { ApiError, unwrap } from "../../shared/api/request.ts";
import { clock } from "../../shared/money/dates.ts";
import { money } from "../../shared/money/money.ts";
import { amountPattern, minorOf } from "../../shared/money/typed-amount.ts";
import { Notice } from "../../shared/ui/parts.tsx";
import { shiftApi } from "../device.ts";
import { named } from "../people.ts";
import { useWords } from "../words/words.ts";

type Direction = "in" | "out";
interface Moved {
  readonly id: string;
  readonly direction: Direction;
  readonly amount_minor: number;
  readonly reason: string;
  readonly at: string;
}

interface CashMovesProps {
  readonly moved: readonly Moved[];
  readonly currency: string;
  readonly onMoved: () => void;
  /** Shown below, but not while something is being noted: one thing at a time. */
  readonly children: ReactNode;
}

/** Money that goes into the drawer or out of it without a sale. */
export function CashMoves({ moved, currency, onMoved, children }: CashMovesProps) {
  const w = useWords();
  const [direction, setDirection] = useState<Direction>();
  // A new key for each form: a tap that is repeated after a lost answer is noted once.
  const [key, setKey] = useState("");
  const begin = (wanted: Direction) => {
    setDirection(wanted);
    setKey(crypto.randomUUID());
  };
  const move = useMutation({
    mutationFn: async (noted: { direction: Direction; amount_minor: number; reason: string }) =>
      unwrap(shiftApi.pos.shifts.cash.$post(...(await named(key, noted)))),
    onSuccess: () => {
      setDirection(undefined);
      onMoved();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const minor = minorOf(form.get("amount")) ?? 0;
    if (direction && minor > 0) move.mutate({ direction, amount_minor: minor, reason: String(form.get("reason")) });
  };
  return (
    <>
      <section className="stack" aria-label={`${w.shift.putIn}, ${w.shift.takeOut}`}>
        {moved.length > 0 && (
          <ul className="stack-tight">
            {moved.map(({ id, direction: way, amount_minor, reason, at }) => (
              <li key={id} className="row-between">
                <span>
                  {w.shift.moved[way]} · {reason} <span className="soft small">{clock(at)}</span>
                </span>
                <strong>
                  {way === "out" && "− "}
                  {money(amount_minor, currency)}
                </strong>
              </li>
            ))}
          </ul>
        )}
        {move.error instanceof ApiError && <Notice tone="no" title={w.errors[move.error.code]} />}
        {direction ? (
          <form className="stack" onSubmit={submit}>
            <label className="field">
              <span>{w.shift.amount}</span>
              <input className="input" name="amount" inputMode="decimal" pattern={amountPattern} required autoComplete="off" />
            </label>
            <label className="field">
              <span>{w.shift.why}</span>
              <input className="input" name="reason" required maxLength={200} placeholder={w.shift.whyHint[direction]} autoComplete="off" />
            </label>
            <div className="shift-moves">
              <button type="submit" className="button till-button" disabled={move.isPending}>
                {`${w.shift.note}: ${direction === "in" ? w.shift.putIn : w.shift.takeOut}`}
              </button>
              <button type="button" className="button button-second till-button" onClick={() => setDirection(undefined)}>
                {w.app.cancel}
              </button>
            </div>
          </form>
        ) : (
          <div className="shift-moves">
            <button type="button" className="button button-second till-button" onClick={() => begin("in")}>
              {w.shift.putIn}
            </button>
            <button type="button" className="button button-second till-button" onClick={() => begin("out")}>
              {w.shift.takeOut}
            </button>
          </div>
        )}
      </section>
      {direction === undefined && children}
    </>
  );
}
