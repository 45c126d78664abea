import { useState } from "react";
import { now } from "../../shared/clock.ts";
import { monthAndYear } from "../../shared/money/dates.ts";
import { useTimeZone } from "../cafe-choice.tsx";
import { useWords } from "../words/words.ts";
import { calendarDate } from "./dates.ts";

export interface Period {
  readonly from: string;
  readonly to: string;
}

/** The last so many days, today included; or two dates that somebody chose. */
type Wanted = number | Period;

const dayMs = 86_400_000;
const counts = [1, 7, 30, 90] as const;
const usualDays = 7;

const lastDays = (count: number, timeZone: string): Period => ({
  from: calendarDate(now() - (count - 1) * dayMs, timeZone),
  to: calendarDate(now(), timeZone),
});

export function usePeriod(days: number): { readonly period: Period; readonly choice: Omit<ChoiceProps, "period"> } {
  const timeZone = useTimeZone();
  const [wanted, setWanted] = useState<Wanted>(days);
  return { period: typeof wanted === "number" ? lastDays(wanted, timeZone) : wanted, choice: { wanted, onChange: setWanted } };
}

interface ChoiceProps {
  readonly period: Period;
  readonly wanted: Wanted;
  readonly onChange: (wanted: Wanted) => void;
}

/** Which days a report tells of: one tap for the usual ones, two dates for any. */
export function PeriodChoice({ period, wanted, onChange }: ChoiceProps) {
  const w = useWords();
  const today = calendarDate(now(), useTimeZone());
  return (
    <div className="period">
      <fieldset className="segments" aria-label={w.period.title}>
        {counts.map((count) => (
          <button key={count} type="button" aria-pressed={wanted === count} onClick={() => onChange(count)}>
            {count === 1 ? w.period.today : w.period.days(count)}
          </button>
        ))}
      </fieldset>
      <MonthChoice
        label={w.period.month}
        none={w.period.none}
        month={typeof wanted === "number" ? "" : monthOf(period, today)}
        onChange={(month) => onChange(month === "" ? usualDays : daysOf(month, today))}
      />
      <div className="period-days">
        <Day
          label={w.app.from}
          value={period.from}
          max={period.to}
          onChange={(from) => onChange(from > period.to ? { from, to: from } : { ...period, from })}
        />
        <Day
          label={w.app.to}
          value={period.to}
          min={period.from}
          onChange={(to) => onChange(to < period.from ? { from: to, to } : { ...period, to })}
        />
      </div>
    </div>
  );
}

const monthsBack = 12;

/** This month and the twelve before it, by the calendar of the café's clock. */
function useMonths(): readonly string[] {
  const [year = 0, month = 1] = calendarDate(now(), useTimeZone()).split("-").map(Number);
  return Array.from({ length: monthsBack + 1 }, (_, back) => new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7));
}

/** The days of "2026-11", as far as they have come. */
const daysOf = (month: string, today: string): Period => {
  const last = lastDayOf(month);
  return { from: `${month}-01`, to: last < today ? last : today };
};

const lastDayOf = (month: string): string => {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
};

/** Which month these days are, all of them and no other. */
const monthOf = ({ from, to }: Period, today: string): string => {
  const whole = daysOf(from.slice(0, 7), today);
  return from === whole.from && to === whole.to ? from.slice(0, 7) : "";
};

interface MonthChoiceProps {
  readonly label: string;
  /** What stands there while no month is chosen. */
  readonly none: string;
  readonly month: string;
  readonly onChange: (month: string) => void;
}

export function MonthChoice({ label, none, month, onChange }: MonthChoiceProps) {
  const months = useMonths();
  return (
    <label className="period-day">
      <span>{label}</span>
      <select className="input" value={month} onChange={({ target }) => onChange(target.value)}>
        <option value="">{none}</option>
        {(months.includes(month) || month === "" ? months : [...months, month]).map((one) => (
          <option key={one} value={one}>
            {monthAndYear(one)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface DayProps {
  readonly label: string;
  readonly value: string;
  readonly min?: string;
  readonly max?: string;
  readonly onChange: (day: string) => void;
}

const Day = ({ label, onChange, ...days }: DayProps) => (
  <label className="period-day">
    <span>{label}</span>
    <input className="input" type="date" {...days} onChange={({ target }) => target.value && onChange(target.value)} />
  </label>
);
