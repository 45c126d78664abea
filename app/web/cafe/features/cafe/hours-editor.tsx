import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { refresh } from "../../queries.ts";
import { problemsOf } from "../../ui/form.tsx";
import { ErrorNote } from "../../ui/parts.tsx";
import { useOwnerWords } from "../../words/owner.ts";
import { useWords } from "../../words/words.ts";
import { changeCafe, type OwnCafe } from "./cafe-queries.ts";

export const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
type Weekday = (typeof weekdays)[number];
interface Span {
  readonly from: string;
  readonly to: string;
}
type Week = { readonly [D in Weekday]?: Span[] };

const usual: Span = { from: "08:00", to: "17:00" };

/** A week of opening hours. Without any the café is open whenever it takes orders. */
export function HoursEditor({ cafe }: { readonly cafe: OwnCafe }) {
  const w = useWords();
  const o = useOwnerWords();
  // Until somebody types, the week is the server's: another page may have saved it.
  const [typed, setTyped] = useState<{ readonly week: Week | null }>();
  const week = typed ? typed.week : (cafe.opening_hours as Week | null);
  const save = useMutation({
    mutationFn: () => changeCafe({ opening_hours: week }),
    onSuccess: async () => {
      await refresh("cafe");
      setTyped(undefined);
    },
  });
  const setWeek = (next: Week | null) => {
    setTyped({ week: next });
    save.reset();
  };
  const change = (day: Weekday, spans: Span[]) => setWeek({ ...week, [day]: spans });
  const problems = Object.entries(problemsOf(save.error));
  const problemOf = (day: Weekday) => problems.find(([field]) => field.startsWith(`opening_hours.${day}`))?.[1];
  return (
    <section className="card stack">
      <h2>{w.hours.title}</h2>
      <label className="check">
        <input
          type="checkbox"
          checked={week === null}
          onChange={({ target }) => setWeek(target.checked ? null : Object.fromEntries(weekdays.slice(0, 5).map((day) => [day, [usual]])))}
        />
        <span>{w.hours.always}</span>
      </label>
      {week !== null &&
        weekdays.map((day) => (
          <div key={day} className="hours-day">
            <strong>{w.hours.days[day]}</strong>
            <div className="stack-tight">
              {(week[day] ?? []).map((span, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: spans have no identity but their place.
                <div key={index} className="hours-span">
                  <input
                    className="input"
                    type="time"
                    required
                    aria-invalid={problemOf(day) !== undefined}
                    value={span.from}
                    aria-label={`${w.hours.days[day]}, ${w.app.from}`}
                    onChange={({ target }) => change(day, (week[day] ?? []).with(index, { ...span, from: target.value }))}
                  />
                  <span aria-hidden="true">–</span>
                  <input
                    className="input"
                    type="time"
                    required
                    aria-invalid={problemOf(day) !== undefined}
                    value={span.to === "24:00" ? "00:00" : span.to}
                    aria-label={`${w.hours.days[day]}, ${w.app.to}`}
                    onChange={({ target }) =>
                      change(day, (week[day] ?? []).with(index, { ...span, to: target.value === "00:00" ? "24:00" : target.value }))
                    }
                  />
                  <button
                    type="button"
                    className="button button-small button-words"
                    aria-label={`${w.app.remove} ${w.hours.days[day]} ${span.from}`}
                    onClick={() => change(day, (week[day] ?? []).toSpliced(index, 1))}
                  >
                    {w.app.remove}
                  </button>
                </div>
              ))}
              {problemOf(day) !== undefined && (
                <small className="problem" role="alert">
                  {problemOf(day)?.includes("overlap") ? o.hours.overlap : o.hours.noSpan}
                </small>
              )}
              {(week[day] ?? []).length === 0 && <span className="soft">{w.hours.closed}</span>}
              {(week[day] ?? []).length < 3 && (
                <button
                  type="button"
                  className="button button-small button-words hours-add"
                  aria-label={`${w.hours.addSpan}, ${w.hours.days[day]}`}
                  onClick={() => change(day, [...(week[day] ?? []), usual])}
                >
                  {w.hours.addSpan}
                </button>
              )}
            </div>
          </div>
        ))}
      {problems.length === 0 && <ErrorNote error={save.error} />}
      <div className="row">
        <button type="button" className="button" disabled={save.isPending} onClick={() => save.mutate()}>
          {w.app.save}
        </button>
        {save.isSuccess && (
          <span className="saved" role="status">
            {w.app.saved}
          </span>
        )}
      </div>
    </section>
  );
}
