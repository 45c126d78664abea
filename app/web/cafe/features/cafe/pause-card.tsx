import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { now } from "../../../shared/clock.ts";
import { Notice } from "../../../shared/ui/parts.tsx";
import { refresh } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { ErrorNote } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { changeCafe, type OwnCafe } from "./cafe-queries.ts";

const minutesToChoose = [15, 30, 60, 120];

/** New orders stop with one tap, for a while that ends by itself; open orders go on. */
export function PauseCard({ cafe }: { readonly cafe: OwnCafe }) {
  const w = useWords();
  const { clock } = useDates();
  const [reason, setReason] = useState(cafe.pause_reason ?? "");
  const pause = useMutation({
    mutationFn: (minutes: number | undefined) =>
      changeCafe(
        minutes === undefined
          ? { paused_until: null }
          : {
              paused_until: new Date(now() + minutes * 60_000).toISOString(),
              pause_reason: reason.trim() === "" ? null : reason.trim(),
            },
      ),
    onSettled: () => refresh("cafe"),
  });
  const isPaused = cafe.paused_until !== null && Date.parse(cafe.paused_until) > now();
  return (
    <section className="card stack">
      <h2>{w.pause.title}</h2>
      {isPaused ? (
        <>
          <Notice tone="wait" title={w.pause.until(clock(cafe.paused_until ?? ""))}>
            {cafe.pause_reason}
          </Notice>
          <button type="button" className="button" disabled={pause.isPending} onClick={() => pause.mutate(undefined)}>
            {w.pause.end}
          </button>
        </>
      ) : (
        <>
          <p className="soft">{w.pause.what}</p>
          <label className="field">
            <span>{w.pause.reason}</span>
            <input className="input" value={reason} maxLength={120} onChange={({ target }) => setReason(target.value)} />
            <small>{w.pause.reasonHint}</small>
          </label>
          <div className="sheet-actions">
            {minutesToChoose.map((minutes) => (
              <button
                key={minutes}
                type="button"
                className="button button-small button-second"
                disabled={pause.isPending}
                onClick={() => pause.mutate(minutes)}
              >
                {w.pause.for(minutes)}
              </button>
            ))}
          </div>
        </>
      )}
      <ErrorNote error={pause.error} />
    </section>
  );
}
