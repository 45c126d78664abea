import { useQuery } from "@tanstack/react-query";
import { ApiError, type JsonOf, unwrap } from "../../../shared/api/request.ts";
import { calendarDay } from "../../../shared/money/dates.ts";
import { EmptyState, Notice } from "../../../shared/ui/parts.tsx";
import { inCafe, publishedApi, reportsApi } from "../../api.ts";
import { HeatMap } from "../../ui/charts.tsx";
import { useDates } from "../../ui/dates.ts";
import { Loaded, Page, Table } from "../../ui/parts.tsx";
import { type Period, PeriodChoice, usePeriod } from "../../ui/period.tsx";
import { useOwnerWords } from "../../words/owner.ts";
import { useWords } from "../../words/words.ts";
import { weekdays } from "../cafe/hours-editor.tsx";

const { analytics } = publishedApi.admin;
const askPeaks = (period: Period) => reportsApi.admin.reports["peak-hours"].$get({ query: { ...period, ...inCafe() } });
const askPlan = () => analytics["prep-list"].$get({ query: inCafe() });
const askRetention = () => analytics.retention.$get({ query: inCafe() });
type Peaks = JsonOf<typeof askPeaks>;
type Plan = JsonOf<typeof askPlan>;
type Retention = JsonOf<typeof askRetention>;

/** What the nightly jobs publish is not there before their first night: that is no error. */
async function orNone<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof ApiError && error.code === "NOT_FOUND") return null;
    throw error;
  }
}

export function PlanPage() {
  const w = useWords();
  const o = useOwnerWords();
  return (
    <Page title={w.nav.plan} what={o.plan.what}>
      <PeaksCard />
      <PlanCard />
      <RetentionCard />
    </Page>
  );
}

/** What was cancelled nobody made: Sales does not count it either. */
const keptOf = ({ orders_count, cancelled_count }: Peaks["hours"][number]) => orders_count - cancelled_count;

const usualFrom = 7;
const usualTo = 18;

function PeaksCard() {
  const w = useWords();
  const o = useOwnerWords();
  const { period, choice } = usePeriod(30);
  const peaks = useQuery({ queryKey: ["cafe", "peaks", period], queryFn: () => unwrap(askPeaks(period)) as Promise<Peaks> });
  return (
    <section className="stack">
      <h2>{o.plan.peaks}</h2>
      <PeriodChoice period={period} {...choice} />
      <Loaded query={peaks} bones={3}>
        {({ hours, totals }) => {
          if (totals.orders_count === totals.cancelled_count) return <EmptyState title={w.reports.none} what={w.reports.noneWhat} />;
          const opened = hours.filter((hour) => keptOf(hour) > 0).map(({ hour }) => hour);
          const first = Math.min(usualFrom, ...opened);
          const columns = Array.from({ length: Math.max(usualTo, ...opened) - first + 1 }, (_, index) => first + index);
          return (
            <HeatMap
              caption={o.plan.peaksCaption}
              rows={weekdays.map((day) => w.hours.days[day])}
              columns={columns.map(String)}
              numberOf={(row, column) => {
                const found = hours.find(({ weekday, hour }) => weekday === row + 1 && hour === columns[column]);
                return found ? keptOf(found) : 0;
              }}
              saidOf={String}
            />
          );
        }}
      </Loaded>
    </section>
  );
}

function PlanCard() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const o = useOwnerWords();
  const plan = useQuery({ queryKey: ["cafe", "plan"], queryFn: () => orNone(unwrap(askPlan()) as Promise<Plan>) });
  return (
    <section className="stack">
      <h2>{o.plan.prep}</h2>
      <Loaded query={plan} bones={2}>
        {(found) => {
          if (!found)
            return (
              <Notice tone="tell" title={o.plan.noNight}>
                {o.plan.noNightWhat}
              </Notice>
            );
          if (!found.is_shown)
            return (
              <Notice tone="tell" title={o.plan.hidden}>
                {found.hidden_because === "too_young" ? o.plan.tooYoung(found.weeks_known) : o.plan.notBetter}
              </Notice>
            );
          return (
            <>
              <p className="soft">{o.plan.better(found.better_by_basis_points / 100, dayAndTime(found.as_of))}</p>
              <Table
                caption={o.plan.prep}
                rows={found.lines}
                keyOf={({ day, menu_item_id }) => `${day} ${menu_item_id}`}
                columns={[
                  { label: w.reports.day, cell: ({ day }) => calendarDay(day) },
                  { label: w.reports.item, cell: ({ item_name }) => <strong>{item_name}</strong> },
                  { label: o.plan.portions, isNumber: true, cell: ({ portions }) => <strong>{portions}</strong> },
                  { label: o.plan.lastWeek, isNumber: true, cell: ({ last_week_portions }) => last_week_portions },
                ]}
              />
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

function RetentionCard() {
  const o = useOwnerWords();
  const retention = useQuery({ queryKey: ["cafe", "retention"], queryFn: () => orNone(unwrap(askRetention()) as Promise<Retention>) });
  return (
    <section className="stack">
      <h2>{o.plan.retention}</h2>
      <Loaded query={retention} bones={2}>
        {(found) => {
          if (!found || found.cohorts.length === 0)
            return (
              <Notice tone="tell" title={o.plan.noNight}>
                {o.plan.noNightWhat}
              </Notice>
            );
          const months = [...new Set(found.cohorts.map(({ first_month }) => first_month))].toSorted();
          const most = Math.max(...found.cohorts.map(({ months_later }) => months_later));
          return (
            <HeatMap
              caption={o.plan.retentionCaption}
              rows={months.map((month) => month.slice(0, 7))}
              columns={Array.from({ length: most + 1 }, (_, later) => o.plan.later(later))}
              numberOf={(row, later) => {
                const cohort = found.cohorts.find(({ first_month, months_later }) => first_month === months[row] && months_later === later);
                return cohort && cohort.cohort_count > 0 ? Math.round((cohort.students_count / cohort.cohort_count) * 100) : 0;
              }}
              saidOf={(share) => `${share} %`}
            />
          );
        }}
      </Loaded>
    </section>
  );
}
