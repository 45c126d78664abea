import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { type JsonOf, unwrap } from "../../../shared/api/request.ts";
import { calendarDay } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { intent, settlementsApi } from "../../api.ts";
import { type ListPage, refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Form } from "../../ui/form.tsx";
import { Chip, ErrorNote, Figure, ListView, Page } from "../../ui/parts.tsx";
import { MonthChoice } from "../../ui/period.tsx";
import { saveAnswer } from "../../ui/save.ts";
import { useWords } from "../../words/words.ts";
import { SettlementFlow } from "./settlement-flow.tsx";

const key = ["settlements"];
type Query = Parameters<typeof settlementsApi.admin.settlements.$get>[0]["query"];
// A month at a time: its sums are those of the page.
const ask = (query: Query) => settlementsApi.admin.settlements.$get({ query: { limit: 31, ...query } });
export type Settlement = JsonOf<typeof ask>["items"][number];
const states = ["due", "paid", "carried", "nothing"] as const;
const tones = { due: "wait", paid: "act", carried: "", nothing: "" } as const;

/** What the university pays a café for each day, and how that follows from its sales. */
export function SettlementsPage() {
  const w = useWords();
  const session = useStaffSession();
  const ofAll = session.kind === "in" && session.user.cafe_id === null;
  const [status, setStatus] = useState<(typeof states)[number] | "">("");
  const [month, setMonth] = useState("");
  const [shown, setShown] = useState<Settlement>();
  const { calendarDayIn } = useDates();
  const filter: Query = { ...(status !== "" && { status }), ...(month !== "" && { month }) };
  const list = useList<Settlement>([...key, filter], (page) => unwrap(ask({ ...filter, ...page })) as Promise<ListPage<Settlement>>);
  const csv = useMutation({
    mutationFn: () => saveAnswer(ask({ ...filter, format: "csv", amounts: "major" }), `settlements-${month || "all"}.csv`),
  });
  const nothing = month !== "" ? w.settlements.noneThen : status === "due" ? w.settlements.noneDue : w.settlements.none;
  return (
    <Page
      title={w.nav.settlements}
      what={w.settlements.what}
      actions={
        <button type="button" className="button button-small button-second" disabled={csv.isPending} onClick={() => csv.mutate()}>
          {w.app.csv}
        </button>
      }
    >
      <div className="period">
        <fieldset className="segments" aria-label={w.app.status}>
          {(["", ...states] as const).map((state) => (
            <button key={state} type="button" aria-pressed={status === state} onClick={() => setStatus(state)}>
              {state === "" ? w.settlements.all : w.settlements.states[state]}
            </button>
          ))}
        </fieldset>
        <MonthChoice label={w.period.month} none={w.settlements.all} month={month} onChange={setMonth} />
      </div>
      <ErrorNote error={csv.error} />
      {month !== "" && !ofAll && list.rows && list.rows.length > 0 && <MonthSums rows={list.rows} />}
      <ListView
        list={list}
        caption={w.nav.settlements}
        keyOf={({ id }) => id}
        empty={{ title: nothing, ...(month === "" && { what: w.settlements.next(calendarDayIn(1)) }) }}
        columns={[
          { label: w.reports.day, cell: ({ day }) => <strong>{calendarDay(day)}</strong> },
          ...(ofAll ? [{ label: w.app.cafe, cell: ({ cafe_name }: Settlement) => cafe_name }] : []),
          { label: w.reports.sales, isNumber: true, cell: ({ sales_count }) => sales_count },
          { label: w.settlements.fee, isNumber: true, cell: ({ fee_minor, currency }) => money(fee_minor, currency) },
          {
            label: w.settlements.payable,
            isNumber: true,
            cell: ({ payable_minor, currency }) => <strong>{money(payable_minor, currency)}</strong>,
          },
          { label: w.app.status, cell: (one) => <Chip tone={tones[one.status]}>{w.settlements.states[one.status]}</Chip> },
        ]}
        actions={(settlement) => (
          <button type="button" className="button button-small button-words" onClick={() => setShown(settlement)}>
            {w.settlements.show}
          </button>
        )}
      />
      {shown && <SettlementSheet settlement={shown} onClose={() => setShown(undefined)} />}
    </Page>
  );
}

/** What a month brought and cost: the sums of its days. */
function MonthSums({ rows }: { readonly rows: readonly Settlement[] }) {
  const w = useWords();
  const sumOf = (read: (one: Settlement) => number) =>
    money(
      rows.reduce((sum, one) => sum + read(one), 0),
      rows[0]?.currency ?? "SEK",
    );
  return (
    <dl className="figures">
      <Figure label={w.reports.gross} value={sumOf((one) => one.wallet_sales_minor + one.gateway_sales_minor + one.cash_sales_minor)} />
      <Figure
        label={w.reports.refunds}
        value={sumOf((one) => one.wallet_refunds_minor + one.gateway_refunds_minor + one.cash_refunds_minor)}
      />
      <Figure label={w.settlements.fee} value={sumOf((one) => one.fee_minor + one.fee_vat_minor)} />
      <Figure label={w.settlements.payable} value={sumOf((one) => one.payable_minor)} />
    </dl>
  );
}

function SettlementSheet({ settlement, onClose }: { readonly settlement: Settlement; readonly onClose: () => void }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const session = useStaffSession();
  const isFinance = session.kind === "in" && session.user.role === "finance";
  // One payment for one decision, however often the button is pressed.
  const payment = useRef(intent());
  const param = { settlementId: settlement.id };
  const statement = useMutation({
    mutationFn: (format: "pdf" | "csv") =>
      saveAnswer(
        settlementsApi.admin.settlements[":settlementId"].statement.$get({ param, query: { format, amounts: "major" } }),
        `${settlement.cafe_name}-${settlement.day}.${format}`,
      ),
  });
  return (
    <Sheet title={calendarDay(settlement.day)} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">
        {calendarDay(settlement.day)} · {settlement.cafe_name}
      </h2>
      <SettlementFlow settlement={settlement} />
      {settlement.bank_reference && (
        <p className="soft">{w.settlements.paid(settlement.bank_reference, settlement.paid_at ? dayAndTime(settlement.paid_at) : "")}</p>
      )}
      <ErrorNote error={statement.error} />
      <div className="sheet-actions">
        <button
          type="button"
          className="button button-small button-second"
          disabled={statement.isPending}
          onClick={() => statement.mutate("pdf")}
        >
          {w.settlements.pdf}
        </button>
        <button
          type="button"
          className="button button-small button-second"
          disabled={statement.isPending}
          onClick={() => statement.mutate("csv")}
        >
          {w.app.csv}
        </button>
      </div>
      {isFinance && settlement.status === "due" && (
        <Form
          fields={[{ name: "bank_reference", label: w.settlements.reference, hint: w.settlements.referenceHint, most: 100 }]}
          submit={w.settlements.pay(money(settlement.payable_minor, settlement.currency))}
          onSubmit={({ bank_reference = "" }) =>
            unwrap(settlementsApi.admin.settlements[":settlementId"].pay.$post({ param, json: { bank_reference } }, payment.current))
          }
          onDone={() => {
            void refresh(...key);
            onClose();
          }}
        />
      )}
    </Sheet>
  );
}
