import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { type JsonOf, unwrap } from "../../../shared/api/request.ts";
import { calendarDay } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import { minorOf } from "../../../shared/money/typed-amount.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { intent, shiftsApi } from "../../api.ts";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Form } from "../../ui/form.tsx";
import { Chip, Figure, ListView, Loaded, Page, Table } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";

const key = ["shifts"];
const ask = (page: { readonly cursor?: string }) => unwrap(shiftsApi.admin.shifts.$get({ query: { limit: 30, ...page } }));
type Shift = Awaited<ReturnType<typeof ask>>["items"][number];
const askZ = (shiftId: string) => shiftsApi.admin.shifts[":shiftId"]["z-report"].$get({ param: { shiftId }, query: {} });
type ZReport = JsonOf<typeof askZ>;

/** The tills' shifts: who opened and closed, and what was counted. */
export function ShiftsPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const byWhom = (at: string, name: string | null): string => [dayAndTime(at), name].filter(Boolean).join(" · ");
  const shifts = useList<Shift>(key, ask);
  const [shown, setShown] = useState<Shift>();
  return (
    <Page title={w.nav.shifts} what={w.shifts.what}>
      <ListView
        list={shifts}
        caption={w.nav.shifts}
        keyOf={({ id }) => id}
        empty={{ title: w.shifts.none, what: w.shifts.noneWhat }}
        columns={[
          { label: w.shifts.till, cell: ({ device_name }) => <strong>{device_name}</strong> },
          { label: w.shifts.opened, cell: ({ opened_at, opened_by_name }) => byWhom(opened_at, opened_by_name) },
          { label: w.shifts.closed, cell: ({ closed_at, closed_by_name }) => (closed_at ? byWhom(closed_at, closed_by_name) : "–") },
          {
            label: w.app.status,
            cell: ({ status, z_number }) =>
              status === "open" ? <Chip tone="wait">{w.shifts.open}</Chip> : <Chip tone="act">{w.shifts.z(z_number ?? 0)}</Chip>,
          },
        ]}
        actions={(shift) => (
          <button type="button" className="button button-small button-words" onClick={() => setShown(shift)}>
            {w.shifts.show}
          </button>
        )}
      />
      {shown && <ShiftSheet shift={shown} onClose={() => setShown(undefined)} />}
    </Page>
  );
}

function ShiftSheet({ shift, onClose }: { readonly shift: Shift; readonly onClose: () => void }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const session = useStaffSession();
  const closing = useRef(intent());
  const isOwner = session.kind === "in" && session.user.role === "owner";
  return (
    <Sheet title={shift.device_name} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">
        {shift.device_name} · {dayAndTime(shift.opened_at)}
      </h2>
      {shift.status === "closed" ? (
        <ZReportView shiftId={shift.id} />
      ) : isOwner ? (
        <>
          <p>{w.shifts.closeWhat}</p>
          <Form
            fields={[{ name: "counted_cash_minor", label: w.shifts.counted, kind: "amount" }]}
            submit={w.shifts.close}
            onSubmit={({ counted_cash_minor }) =>
              unwrap(
                shiftsApi.admin.shifts[":shiftId"].close.$post(
                  { param: { shiftId: shift.id }, json: { counted_cash_minor: minorOf(counted_cash_minor) ?? 0 } },
                  closing.current,
                ),
              )
            }
            onDone={() => {
              void refresh(...key);
              onClose();
            }}
          />
        </>
      ) : (
        <p>{w.shifts.ask}</p>
      )}
    </Sheet>
  );
}

function ZReportView({ shiftId }: { readonly shiftId: string }) {
  const w = useWords();
  const report = useQuery({ queryKey: ["shifts", "z", shiftId], queryFn: () => unwrap(askZ(shiftId)) as Promise<ZReport> });
  return (
    <Loaded query={report} bones={3}>
      {(z) => (
        <div className="stack printed">
          <p className="soft">
            {w.shifts.z(z.number)} · {z.cafe_name} · {calendarDay(z.business_day)}
          </p>
          <dl className="figures">
            <Figure label={w.reports.sales} value={money(z.sales_minor, z.currency)} note={z.sales_count} />
            <Figure label={w.reports.refunds} value={money(z.refunds_minor, z.currency)} note={z.refunds_count} />
            {z.cash.paid_in_minor > 0 && <Figure label={w.shifts.moved.in} value={money(z.cash.paid_in_minor, z.currency)} />}
            {z.cash.paid_out_minor > 0 && <Figure label={w.shifts.moved.out} value={`− ${money(z.cash.paid_out_minor, z.currency)}`} />}
            <Figure label={w.shifts.expected} value={money(z.cash.expected_minor, z.currency)} />
            <Figure
              label={w.shifts.difference}
              value={money(z.cash.difference_minor, z.currency)}
              note={w.shifts.countedNote(money(z.cash.counted_minor, z.currency))}
            />
          </dl>
          <Table
            caption={w.transactions.method}
            rows={z.methods}
            keyOf={({ method }) => method}
            columns={[
              { label: w.transactions.method, cell: ({ method }) => w.methods[method] },
              { label: w.reports.sales, isNumber: true, cell: ({ sales_minor }) => money(sales_minor, z.currency) },
              { label: w.reports.refunds, isNumber: true, cell: ({ refunds_minor }) => money(refunds_minor, z.currency) },
            ]}
          />
          <div>
            <button type="button" className="button button-small button-second" onClick={() => print()}>
              {w.app.print}
            </button>
          </div>
        </div>
      )}
    </Loaded>
  );
}
