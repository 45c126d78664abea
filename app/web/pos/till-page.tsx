import { useQuery } from "@tanstack/react-query";
import { type FormEvent, lazy, Suspense, useEffect, useState } from "react";
import { ApiError, unwrap } from "../shared/api/request.ts";
import { EmptyState, Notice } from "../shared/ui/parts.tsx";
import { useWakeLock } from "../shared/ui/wake-lock.ts";
import { forgetDevice, readDevice, saveDevice, tillApi } from "./device.ts";
import { Counter } from "./features/counter.tsx";
import { Outcome } from "./features/outcome.tsx";
import { Waiting } from "./features/waiting.tsx";
import { followCharges, useLinked } from "./link.ts";
import { lock, usePeople } from "./people.ts";
import { unlockSound } from "./sound.ts";
import { goIdle, readCard, resumeAttempt, type SaleLine, useTill } from "./till.ts";
import { listenToReader } from "./wedge.ts";
import { useWords } from "./words/words.ts";

const DemoCards = lazy(async () => ({ default: (await import("./features/demo-cards.tsx")).DemoCards }));
const ShiftSheet = lazy(async () => ({ default: (await import("./features/shift-sheet.tsx")).ShiftSheet }));
const PeopleSheet = lazy(async () => ({ default: (await import("./features/people-sheet.tsx")).PeopleSheet }));
const LockScreen = lazy(async () => ({ default: (await import("./features/lock-screen.tsx")).LockScreen }));
const RefundSheet = lazy(async () => ({ default: (await import("./features/refund-sheet.tsx")).RefundSheet }));

export const tillQuery = { queryKey: ["till"], queryFn: () => unwrap(tillApi.pos.till.$get()), staleTime: Number.POSITIVE_INFINITY };
export type Till = Awaited<ReturnType<typeof tillQuery.queryFn>>;

const isDemo = new URLSearchParams(location.search).has("demo");

export function TillPage() {
  const [hasDevice, setHasDevice] = useState(readDevice() !== undefined);
  const [isOpen, setIsOpen] = useState(isDemo);
  if (!hasDevice) return <Enrol onDone={() => setHasDevice(true)} />;
  if (!isOpen)
    return (
      <Start
        onStart={() => {
          unlockSound();
          setIsOpen(true);
        }}
        onForget={() => {
          forgetDevice();
          setHasDevice(false);
        }}
      />
    );
  return <OpenTill />;
}

function Enrol({ onDone }: { readonly onDone: () => void }) {
  const w = useWords();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [id = "", key = ""] = [String(form.get("id")).trim(), String(form.get("key")).trim()];
    saveDevice({ id, key });
    onDone();
  };
  return (
    <form className="narrow stack start" onSubmit={submit}>
      <h1>{w.enrol.title}</h1>
      <p className="soft">{w.enrol.what}</p>
      <label className="field">
        <span>{w.enrol.id}</span>
        <input className="input" name="id" required autoComplete="off" spellCheck={false} />
      </label>
      <label className="field">
        <span>{w.enrol.key}</span>
        <input className="input" name="key" required autoComplete="off" spellCheck={false} />
      </label>
      <button type="submit" className="button button-big">
        {w.enrol.open}
      </button>
    </form>
  );
}

function Start({ onStart, onForget }: { readonly onStart: () => void; readonly onForget: () => void }) {
  const w = useWords();
  const till = useQuery(tillQuery);
  const code = till.error instanceof ApiError ? till.error.code : undefined;
  return (
    <div className="narrow stack start">
      <h1>{till.data ? `${till.data.cafe.name} · ${till.data.name}` : w.app.name}</h1>
      {code && <Notice tone="no" title={w.errors[code]} />}
      <button type="button" className="button start-button" onClick={onStart}>
        {w.enrol.start}
      </button>
      <p className="soft">{w.enrol.startWhat}</p>
      <button type="button" className="button button-words" onClick={onForget}>
        {w.enrol.forget}
      </button>
    </div>
  );
}

function OpenTill() {
  const w = useWords();
  const state = useTill();
  const till = useQuery(tillQuery);
  const [lines, setLines] = useState<readonly SaleLine[]>([]);
  const [sheet, setSheet] = useState<"shift" | "refund" | "people">();
  const people = usePeople();
  const isLocked = people.all.length > 0 && people.current === undefined;
  useWakeLock(true);
  useEffect(() => followCharges(), []);
  useEffect(() => resumeAttempt(), []);
  useEffect(() => listenToReader((uid) => dispatchEvent(new CustomEvent("card", { detail: uid }))), []);
  useEffect(() => {
    const onCard = (event: Event) => sheet === undefined && !isLocked && readCard((event as CustomEvent<string>).detail, lines);
    addEventListener("card", onCard);
    return () => removeEventListener("card", onCard);
  }, [lines, sheet, isLocked]);
  useLockWhenLeft(people.current !== undefined && state.kind === "idle" && sheet === undefined);
  if (till.isError)
    return (
      <EmptyState title={w.errors[till.error instanceof ApiError ? till.error.code : "INTERNAL_ERROR"]}>
        <button type="button" className="button" onClick={() => void till.refetch()}>
          {w.app.retry}
        </button>
      </EmptyState>
    );
  if (!till.data) return null;
  return (
    <div className={`till till-${state.kind}`}>
      <header className="till-bar">
        <strong>{till.data.cafe.name}</strong>
        <span className="soft">{till.data.name}</span>
        <LinkDot />
        <button type="button" className="button button-second till-menu" onClick={() => setSheet("people")}>
          {people.current?.name ?? (isLocked ? w.people.locked : w.people.nobody)}
        </button>
        <button type="button" className="button button-second till-menu" disabled={isLocked} onClick={() => setSheet("refund")}>
          {w.refund.title}
        </button>
        <button type="button" className="button button-second till-menu" disabled={isLocked} onClick={() => setSheet("shift")}>
          {w.shift.title}
        </button>
      </header>
      <main className="till-main">
        {isLocked && (state.kind === "idle" || state.kind === "refused") ? (
          <Suspense>
            <LockScreen onSomebodyElse={() => setSheet("people")} />
          </Suspense>
        ) : state.kind === "idle" || state.kind === "sending" ? (
          <Counter
            till={till.data}
            lines={lines}
            onLines={setLines}
            isSending={state.kind === "sending"}
            hasJustRead={state.kind === "idle" && state.hint === "again"}
          />
        ) : state.kind === "waiting" ? (
          <Waiting key={state.charge.id} charge={state.charge} />
        ) : (
          <Outcome state={state} onNext={goIdle} />
        )}
      </main>
      <Suspense>
        {sheet === "shift" && <ShiftSheet currency={till.data.cafe.currency} onClose={() => setSheet(undefined)} />}
        {sheet === "people" && <PeopleSheet cafeId={till.data.cafe.id} onClose={() => setSheet(undefined)} />}
        {sheet === "refund" && <RefundSheet onClose={() => setSheet(undefined)} />}
        {isDemo && <DemoCards cafeId={till.data.cafe.id} />}
      </Suspense>
    </div>
  );
}

const lockAfterMs = 180_000;

/** Nobody has touched the till for a while and nothing is under way: whoever comes next says who it is. */
function useLockWhenLeft(mayLock: boolean): void {
  useEffect(() => {
    if (!mayLock) return;
    let timer = setTimeout(lock, lockAfterMs);
    const begin = () => {
      clearTimeout(timer);
      timer = setTimeout(lock, lockAfterMs);
    };
    const touches = ["pointerdown", "keydown"] as const;
    for (const touch of touches) addEventListener(touch, begin);
    return () => {
      clearTimeout(timer);
      for (const touch of touches) removeEventListener(touch, begin);
    };
  }, [mayLock]);
}

function LinkDot() {
  const w = useWords();
  const isLinked = useLinked();
  const word = navigator.onLine ? (isLinked ? w.app.linked : w.app.polling) : w.app.offline;
  return (
    <span className={`link ${isLinked ? "link-live" : ""}`} role="status">
      <span className="link-dot" aria-hidden="true" /> {word}
    </span>
  );
}
