import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type JsonOf, unwrap } from "../../../shared/api/request.ts";
import { calendarDay, shortDay } from "../../../shared/money/dates.ts";
import { money, price } from "../../../shared/money/money.ts";
import { EmptyState } from "../../../shared/ui/parts.tsx";
import { inCafe, reportsApi } from "../../api.ts";
import { Bars, ChartAndTable } from "../../ui/charts.tsx";
import { useDates } from "../../ui/dates.ts";
import { ErrorNote, Figure, Loaded, Page, Table } from "../../ui/parts.tsx";
import { type Period, PeriodChoice, usePeriod } from "../../ui/period.tsx";
import { saveAnswer } from "../../ui/save.ts";
import { useWords } from "../../words/words.ts";

const views = ["day", "item", "hour"] as const;
type View = (typeof views)[number];

const ask = {
  day: (query: Period) => reportsApi.admin.reports["daily-sales"].$get({ query: { ...query, ...inCafe() } }),
  item: (query: Period) => reportsApi.admin.reports["item-performance"].$get({ query: { ...query, ...inCafe() } }),
  hour: (query: Period) => reportsApi.admin.reports["peak-hours"].$get({ query: { ...query, ...inCafe() } }),
};
type DailySales = JsonOf<typeof ask.day>;
type ItemSales = JsonOf<typeof ask.item>;
type PeakHours = JsonOf<typeof ask.hour>;

const csv = (view: View, period: Period) => {
  const query = { ...period, ...inCafe(), format: "csv" as const, amounts: "major" as const };
  const { reports } = reportsApi.admin;
  if (view === "day") return reports["daily-sales"].$get({ query });
  return view === "item" ? reports["item-performance"].$get({ query }) : reports["peak-hours"].$get({ query });
};

/** What was sold, from the ledger up to this moment; each picture has its numbers beside it. */
export function ReportsPage() {
  const w = useWords();
  const { period, choice } = usePeriod(7);
  const [view, setView] = useState<View>("day");
  const save = useMutation({ mutationFn: () => saveAnswer(csv(view, period), `${view}-${period.from}-${period.to}.csv`) });
  return (
    <Page
      title={w.nav.reports}
      actions={
        <button type="button" className="button button-small button-second" disabled={save.isPending} onClick={() => save.mutate()}>
          {w.app.csv}
        </button>
      }
    >
      <PeriodChoice period={period} {...choice} />
      <fieldset className="segments" aria-label={w.reports.by}>
        {views.map((name) => (
          <button key={name} type="button" aria-pressed={view === name} onClick={() => setView(name)}>
            {w.reports.views[name]}
          </button>
        ))}
      </fieldset>
      <ErrorNote error={save.error} />
      {view === "day" && <ByDay period={period} />}
      {view === "item" && <ByItem period={period} />}
      {view === "hour" && <ByHour period={period} />}
    </Page>
  );
}

const Nothing = () => {
  const w = useWords();
  return <EmptyState title={w.reports.none} what={w.reports.noneWhat} />;
};

function ByDay({ period }: { readonly period: Period }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const report = useQuery({ queryKey: ["cafe", "sales", "day", period], queryFn: () => unwrap(ask.day(period)) as Promise<DailySales> });
  return (
    <Loaded query={report}>
      {({ days, totals, currency, as_of }) => (
        <>
          <dl className="figures">
            <Figure label={w.reports.net} value={money(totals.net_minor, currency)} note={w.reports.asOf(dayAndTime(as_of))} />
            <Figure label={w.reports.sales} value={totals.sales_count} />
            <Figure label={w.reports.average} value={totals.average_minor === null ? "–" : money(totals.average_minor, currency)} />
            <Figure label={w.reports.refunds} value={money(totals.refunds_minor, currency)} />
          </dl>
          {totals.sales_count === 0 ? (
            <Nothing />
          ) : (
            <ChartAndTable
              chart={
                <Bars
                  label={w.reports.chart(w.reports.views.day, money(totals.net_minor, currency))}
                  top={price(Math.max(...days.map(({ net_minor }) => net_minor)), currency)}
                  bars={days.map(({ day, net_minor }) => ({
                    key: day,
                    label: shortDay(day),
                    value: Math.max(0, net_minor),
                    said: `${calendarDay(day)}: ${money(net_minor, currency)}`,
                  }))}
                />
              }
              table={
                <Table
                  caption={w.reports.views.day}
                  rows={days.toReversed()}
                  keyOf={({ day }) => day}
                  columns={[
                    { label: w.reports.day, cell: ({ day }) => calendarDay(day) },
                    { label: w.reports.sales, isNumber: true, cell: ({ sales_count }) => sales_count },
                    { label: w.reports.gross, isNumber: true, cell: ({ gross_minor }) => money(gross_minor, currency) },
                    { label: w.reports.net, isNumber: true, cell: ({ net_minor }) => <strong>{money(net_minor, currency)}</strong> },
                  ]}
                />
              }
            />
          )}
          {totals.vat.length > 0 && (
            <Table
              caption={w.reports.vat}
              rows={totals.vat}
              keyOf={({ vat_basis_points }) => String(vat_basis_points)}
              columns={[
                { label: w.reports.vat, cell: ({ vat_basis_points }) => `${vat_basis_points / 100} %` },
                { label: w.reports.gross, isNumber: true, cell: ({ gross_minor }) => money(gross_minor, currency) },
                { label: w.reports.vatAmount, isNumber: true, cell: ({ vat_minor }) => money(vat_minor, currency) },
                { label: w.reports.withoutVat, isNumber: true, cell: ({ net_minor }) => money(net_minor, currency) },
              ]}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

const shownItems = 12;

function ByItem({ period }: { readonly period: Period }) {
  const w = useWords();
  const report = useQuery({ queryKey: ["cafe", "sales", "item", period], queryFn: () => unwrap(ask.item(period)) as Promise<ItemSales> });
  return (
    <Loaded query={report}>
      {({ items, totals, currency }) => {
        const best = items.toSorted((one, other) => other.net_minor - one.net_minor);
        return items.length === 0 ? (
          <Nothing />
        ) : (
          <ChartAndTable
            chart={
              <ul className="ranking" aria-label={w.reports.chart(w.reports.views.item, money(totals.net_minor, currency))}>
                {best.slice(0, shownItems).map(({ menu_item_id, item_name, net_minor }) => (
                  <li key={menu_item_id}>
                    <span>{item_name}</span>
                    <meter min={0} max={Math.max(1, best[0]?.net_minor ?? 1)} value={Math.max(0, net_minor)}>
                      {money(net_minor, currency)}
                    </meter>
                  </li>
                ))}
              </ul>
            }
            table={
              <Table
                caption={w.reports.views.item}
                rows={best}
                keyOf={({ menu_item_id }) => menu_item_id}
                columns={[
                  { label: w.reports.item, cell: ({ item_name }) => item_name },
                  { label: w.reports.portions, isNumber: true, cell: ({ quantity }) => quantity },
                  { label: w.reports.refunds, isNumber: true, cell: ({ refunds_minor }) => money(refunds_minor, currency) },
                  { label: w.reports.net, isNumber: true, cell: ({ net_minor }) => <strong>{money(net_minor, currency)}</strong> },
                ]}
              />
            }
          />
        );
      }}
    </Loaded>
  );
}

function ByHour({ period }: { readonly period: Period }) {
  const w = useWords();
  const report = useQuery({ queryKey: ["cafe", "sales", "hour", period], queryFn: () => unwrap(ask.hour(period)) as Promise<PeakHours> });
  return (
    <Loaded query={report}>
      {({ hours, totals, currency }) => {
        const byHour = Array.from({ length: 24 }, (_, hour) => {
          const found = hours.filter((one) => one.hour === hour);
          return {
            hour,
            orders: found.reduce((sum, { orders_count, cancelled_count }) => sum + orders_count - cancelled_count, 0),
            paid: found.reduce((sum, { paid_minor }) => sum + paid_minor, 0),
          };
        }).filter(({ hour, orders }) => orders > 0 || (hour >= 7 && hour <= 19));
        return totals.orders_count === totals.cancelled_count ? (
          <Nothing />
        ) : (
          <ChartAndTable
            chart={
              <Bars
                label={w.reports.chart(w.reports.views.hour, money(totals.paid_minor, currency))}
                top={String(Math.max(...byHour.map(({ orders }) => orders)))}
                bars={byHour.map(({ hour, orders, paid }) => ({
                  key: String(hour),
                  label: String(hour),
                  value: orders,
                  said: `${hour}: ${orders}, ${money(paid, currency)}`,
                }))}
              />
            }
            table={
              <Table
                caption={w.reports.views.hour}
                rows={byHour}
                keyOf={({ hour }) => String(hour)}
                columns={[
                  { label: w.reports.hour, cell: ({ hour }) => `${String(hour).padStart(2, "0")}:00` },
                  { label: w.reports.orders, isNumber: true, cell: ({ orders }) => orders },
                  { label: w.reports.paid, isNumber: true, cell: ({ paid }) => money(paid, currency) },
                ]}
              />
            }
          />
        );
      }}
    </Loaded>
  );
}
