import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { PaymentMethod } from "../../../orders/payment-methods.ts";
import { ApiError, unwrap } from "../../shared/api/request.ts";
import { clock } from "../../shared/money/dates.ts";
import { money } from "../../shared/money/money.ts";
import { amountPattern, minorOf } from "../../shared/money/typed-amount.ts";
import { Bones, Notice, Sheet } from "../../shared/ui/parts.tsx";
import { shiftApi } from "../device.ts";
import { named } from "../people.ts";
import { useWords } from "../words/words.ts";
import { CashMoves } from "./cash-moves.tsx";

interface Report {
  readonly number: number;
  readonly sales_minor: number;
  readonly refunds_minor: number;
  readonly net_minor: number;
  readonly methods: readonly { readonly method: PaymentMethod; readonly sales_minor: number; readonly sales_count: number }[];
  readonly vat: readonly { readonly vat_basis_points: number; readonly gross_minor: number; readonly vat_minor: number }[];
  readonly cash: Readonly<
    Record<"opening_float_minor" | "paid_in_minor" | "paid_out_minor" | "expected_minor" | "counted_minor" | "difference_minor", number>
  >;
}

/** Open with a float, see what came in, close with what was counted: the Z-report is the answer. */
export function ShiftSheet({ currency, onClose }: { readonly currency: string; readonly onClose: () => void }) {
  const w = useWords();
  const client = useQueryClient();
  const [openKey] = useState(() => crypto.randomUUID());
  const [closeKey] = useState(() => crypto.randomUUID());
  const shift = useQuery({
    queryKey: ["shift"],
    queryFn: () =>
      unwrap(shiftApi.pos.shifts.current.$get()).catch((error: unknown) =>
        error instanceof ApiError && error.status === 404 ? null : Promise.reject(error),
      ),
    staleTime: 0,
  });
  const changed = () => client.invalidateQueries({ queryKey: ["shift"] });
  const open = useMutation({
    mutationFn: async (minor: number) => unwrap(shiftApi.pos.shifts.open.$post(...(await named(openKey, { opening_float_minor: minor })))),
    onSuccess: changed,
  });
  const close = useMutation({
    mutationFn: async (minor: number) =>
      unwrap(shiftApi.pos.shifts.close.$post(...(await named(closeKey, { counted_cash_minor: minor })))) as Promise<Report>,
    onSuccess: changed,
  });
  const submitting = (work: (form: FormData) => void) => (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    work(new FormData(event.currentTarget));
  };
  const failed = open.error ?? close.error ?? shift.error;
  return (
    <Sheet title={w.shift.title} closeLabel={w.app.close} onClose={onClose}>
      <h2>{close.data ? w.shift.z(close.data.number) : w.shift.title}</h2>
      {failed instanceof ApiError && <Notice tone="no" title={w.errors[failed.code]} />}
      {shift.isPending && <Bones count={2} height={90} />}
      {close.data ? (
        <ZReport report={close.data} currency={currency} />
      ) : shift.data ? (
        <>
          <p className="soft">{w.shift.since(clock(shift.data.opened_at))}</p>
          <dl className="facts shift-facts">
            <dt>{w.shift.sales}</dt>
            <dd>{money(shift.data.totals.sales_minor, currency)}</dd>
            {shift.data.totals.methods.map((method) => (
              <Fact
                key={method.method}
                name={w.shift.byMethod[method.method]}
                value={`${method.sales_count} · ${money(method.sales_minor, currency)}`}
              />
            ))}
            <dt>{w.shift.refunds}</dt>
            <dd>{money(shift.data.totals.refunds_minor, currency)}</dd>
          </dl>
          <CashMoves moved={shift.data.cash_movements} currency={currency} onMoved={changed}>
            <form className="stack" onSubmit={submitting((form) => close.mutate(minorOf(form.get("counted")) ?? 0))}>
              <label className="field">
                <span>{w.shift.counted}</span>
                <input className="input" name="counted" inputMode="decimal" pattern={amountPattern} required autoComplete="off" />
              </label>
              <button type="submit" className="button till-button" disabled={close.isPending}>
                {w.shift.close}
              </button>
            </form>
          </CashMoves>
        </>
      ) : (
        shift.isSuccess && (
          <form className="stack" onSubmit={submitting((form) => open.mutate(minorOf(form.get("float")) ?? 0))}>
            <p className="soft">{w.shift.none}</p>
            <label className="field">
              <span>{w.shift.float}</span>
              <input
                className="input"
                name="float"
                inputMode="decimal"
                pattern={amountPattern}
                required
                autoComplete="off"
                defaultValue="500"
              />
            </label>
            <button type="submit" className="button till-button" disabled={open.isPending}>
              {w.shift.open}
            </button>
          </form>
        )
      )}
    </Sheet>
  );
}

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </>
);

function ZReport({ report, currency }: { readonly report: Report; readonly currency: string }) {
  const w = useWords();
  return (
    <>
      <dl className="facts shift-facts">
        <Fact name={w.shift.sales} value={money(report.sales_minor, currency)} />
        {report.methods.map((method) => (
          <Fact key={method.method} name={w.shift.byMethod[method.method]} value={money(method.sales_minor, currency)} />
        ))}
        <Fact name={w.shift.refunds} value={money(report.refunds_minor, currency)} />
        {report.vat.map((rate) => (
          <Fact
            key={rate.vat_basis_points}
            name={w.shift.vat(`${rate.vat_basis_points / 100} %`)}
            value={money(rate.vat_minor, currency)}
          />
        ))}
        <Fact name={w.shift.float} value={money(report.cash.opening_float_minor, currency)} />
        {report.cash.paid_in_minor > 0 && <Fact name={w.shift.moved.in} value={money(report.cash.paid_in_minor, currency)} />}
        {report.cash.paid_out_minor > 0 && <Fact name={w.shift.moved.out} value={`− ${money(report.cash.paid_out_minor, currency)}`} />}
        <Fact name={w.shift.expected} value={money(report.cash.expected_minor, currency)} />
        <Fact name={w.shift.counted} value={money(report.cash.counted_minor, currency)} />
        <Fact name={w.shift.difference} value={money(report.cash.difference_minor, currency)} />
      </dl>
      <button type="button" className="button till-button" onClick={() => print()}>
        {w.shift.print}
      </button>
    </>
  );
}
