import { useState } from "react";
import { now } from "../../shared/clock.ts";
import { useTimeZone } from "../cafe-choice.tsx";
import { useWords } from "../words/words.ts";

export interface Period {
  readonly from: string;
  readonly to: string;
}

/** The last so many days, today included; or two dates that somebody chose. */
type Wanted = number | Period;

const dayMs = 86_400_000;
const counts = [1, 7, 30, 90] as const;

/** A day as the café's own calendar has it: at midnight the browser's may be another one. */
const dayOf = (at: number, timeZone: string): string => new Intl.DateTimeFormat("sv-SE", { timeZone }).format(at);

const lastDays = (count: number, timeZone: string): Period => ({
  from: dayOf(now() - (count - 1) * dayMs, timeZone),
  to: dayOf(now(), timeZone),
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
  return (
    <div className="period">
      <fieldset className="segments" aria-label={w.period.title}>
        {counts.map((count) => (
          <button key={count} type="button" aria-pressed={wanted === count} onClick={() => onChange(count)}>
            {count === 1 ? w.period.today : w.period.days(count)}
          </button>
        ))}
      </fieldset>
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
