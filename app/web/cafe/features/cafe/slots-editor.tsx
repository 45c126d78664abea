import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { refresh } from "../../queries.ts";
import { problemsOf } from "../../ui/form.tsx";
import { ErrorNote } from "../../ui/parts.tsx";
import { useOwnerWords } from "../../words/owner.ts";
import { useWords } from "../../words/words.ts";

interface Slot {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** The parts of the day that dishes belong to and orders can be booked in. */
export function SlotsEditor({ slots, onSave }: { readonly slots: readonly Slot[]; readonly onSave: (slots: Slot[]) => Promise<unknown> }) {
  const w = useWords();
  const o = useOwnerWords();
  // Until somebody types, the list is the server's: another page may have saved it.
  const [typed, setTyped] = useState<readonly Slot[]>();
  const list = typed ?? slots;
  const save = useMutation({
    mutationFn: () => onSave([...list]),
    onSuccess: async () => {
      await refresh("cafe");
      setTyped(undefined);
    },
  });
  const setList = (next: readonly Slot[]) => {
    setTyped(next);
    save.reset();
  };
  const problems = Object.entries(problemsOf(save.error));
  const problemOf = (index: number) => problems.find(([field]) => new RegExp(`^value\\.${index}(\\.|$)`).test(field))?.[1];
  const ofAll = problems.find(([field]) => field === "value")?.[1];
  const change = (index: number, part: Partial<Slot>) =>
    setList(list.map((slot, place) => (place === index ? { ...slot, ...part } : slot)));
  return (
    <section className="card stack">
      <h2>{w.settings.slots}</h2>
      <p className="soft">{w.settings.slotsWhat}</p>
      {list.map((slot, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a new part of the day has no name yet.
        <div key={index} className="slot">
          <input
            className="input"
            aria-label={w.app.name}
            value={slot.name}
            pattern="[a-z][a-z0-9_]*"
            maxLength={30}
            onChange={({ target }) => change(index, { name: target.value.toLowerCase() })}
          />
          <button
            type="button"
            className="button button-small button-words"
            aria-label={`${w.app.remove} ${slot.name}`}
            onClick={() => setList(list.toSpliced(index, 1))}
          >
            {w.app.remove}
          </button>
          <input
            className="input"
            type="time"
            aria-label={w.app.from}
            value={slot.from}
            onChange={({ target }) => change(index, { from: target.value })}
          />
          <input
            className="input"
            type="time"
            aria-label={w.app.to}
            value={slot.to}
            onChange={({ target }) => change(index, { to: target.value })}
          />
          {problemOf(index) !== undefined && (
            <small className="problem slot-problem" role="alert">
              {problemOf(index)?.includes("short name") ? o.settings.slotName : o.hours.noSpan}
            </small>
          )}
        </div>
      ))}
      {ofAll === undefined ? (
        problems.length === 0 && <ErrorNote error={save.error} />
      ) : (
        <small className="problem" role="alert">
          {ofAll.includes("overlap") ? o.settings.slotsOverlap : o.settings.slotsSame}
        </small>
      )}
      <div className="row">
        <button type="button" className="button" disabled={save.isPending} onClick={() => save.mutate()}>
          {w.app.save}
        </button>
        <button
          type="button"
          className="button button-small button-words"
          onClick={() => setList([...list, { name: "", from: "10:00", to: "12:00" }])}
        >
          {w.app.add}
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
