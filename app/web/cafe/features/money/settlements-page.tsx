import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { calendarDay } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { intent, settlementsApi } from "../../api.ts";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Form } from "../../ui/form.tsx";
import { Chip, ErrorNote, ListView, Page } from "../../ui/parts.tsx";
import { saveAnswer } from "../../ui/save.ts";
import { useWords } from "../../words/words.ts";
import { SettlementFlow } from "./settlement-flow.tsx";

const key = ["settlements"];
const ask = (query: { readonly cursor?: string; readonly status?: (typeof states)[number] }) =>
  unwrap(settlementsApi.admin.settlements.$get({ query: { limit: 31, ...query } }));
export type Settlement = Awaited<ReturnType<typeof ask>>["items"][number];
const states = ["due", "paid", "carried", "nothing"] as const;
const tones = { due: "wait", paid: "act", carried: "", nothing: "" } as const;

/** What the university pays a café for each day, and how that follows from its sales. */
export function SettlementsPage() {
  const w = useWords();
  const session = useStaffSession();
  const ofAll = session.kind === "in" && session.user.cafe_id === null;
  const [status, setStatus] = useState<(typeof states)[number] | "">("");
  const [shown, setShown] = useState<Settlement>();
  const list = useList<Settlement>([...key, status], (page) => ask({ ...page, ...(status === "" ? {} : { status }) }));
  return (
    <Page title={w.nav.settlements} what={w.settlements.what}>
      <fieldset className="segments" aria-label={w.app.status}>
        {(["", ...states] as const).map((state) => (
          <button key={state} type="button" aria-pressed={status === state} onClick={() => setStatus(state)}>
            {state === "" ? w.settlements.all : w.settlements.states[state]}
          </button>
        ))}
      </fieldset>
      <ListView
        list={list}
        caption={w.nav.settlements}
        keyOf={({ id }) => id}
        empty={{ title: w.settlements.none, what: w.settlements.noneWhat }}
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
        settlementsApi.admin.settlements[":settlementId"].statement.$get({ param, query: { format } }),
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
