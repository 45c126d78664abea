import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { calendarDay } from "../../../shared/money/dates.ts";
import { refresh } from "../../queries.ts";
import { Form } from "../../ui/form.tsx";
import { ErrorNote } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { changeCafe, type OwnCafe } from "./cafe-queries.ts";

/** Days on which the café is closed whatever its week says. */
export function HolidaysEditor({ cafe }: { readonly cafe: OwnCafe }) {
  const w = useWords();
  const [added, setAdded] = useState(0);
  const save = useMutation({
    mutationFn: (holidays: OwnCafe["holidays"]) => changeCafe({ holidays }),
    onSuccess: () => refresh("cafe"),
  });
  return (
    <section className="card stack">
      <h2>{w.hours.holidays}</h2>
      {cafe.holidays.length === 0 && <p className="soft">{w.hours.noHolidays}</p>}
      <ul className="stack-tight">
        {cafe.holidays.map((holiday, index) => (
          <li key={`${holiday.from}-${holiday.to}`} className="row-between">
            <span>
              {holiday.name && <strong>{holiday.name} </strong>}
              {holiday.from === holiday.to ? calendarDay(holiday.from) : `${calendarDay(holiday.from)} – ${calendarDay(holiday.to)}`}
            </span>
            <button
              type="button"
              className="button button-small button-words"
              onClick={() => save.mutate(cafe.holidays.toSpliced(index, 1))}
              aria-label={`${w.app.remove} ${holiday.name ?? holiday.from}`}
            >
              {w.app.remove}
            </button>
          </li>
        ))}
      </ul>
      <ErrorNote error={save.error} />
      <Form
        key={added}
        fields={[
          { name: "name", label: w.hours.holidayName, isOptional: true, most: 60 },
          { name: "from", label: w.app.from, kind: "date" },
          { name: "to", label: w.app.to, kind: "date" },
        ]}
        submit={w.hours.addHoliday}
        onSubmit={async ({ name, from = "", to = "" }) => {
          await save.mutateAsync([...cafe.holidays, { from, to, ...(name ? { name } : {}) }]);
          setAdded(added + 1);
        }}
      />
    </section>
  );
}
