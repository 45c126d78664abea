import { type RefObject, useEffect, useRef, useState } from "react";
import { Bones, Notice } from "../shared/ui/parts.tsx";
import { type DemoCampus, enrolTill, logInStaff, logInStudent, readCampus } from "./log-in.ts";
import { useWords } from "./words.ts";

const shownStudents = 3;
const lookEveryMs = 400;

/** Phone, till and board side by side: three pages of ours, each with a session of its own. */
export function DemoPage() {
  const w = useWords();
  const [campus, setCampus] = useState<DemoCampus>();
  const [phone, setPhone] = useState<string>();
  const [hasFailed, setHasFailed] = useState(false);
  const [hasBoard, setHasBoard] = useState(false);
  const frame = useRef<HTMLIFrameElement>(null);

  useEffect(() => {
    void (async () => {
      const found = await readCampus();
      const [device] = found.devices;
      const [student] = found.students;
      if (!device || !student) throw new Error("The demo campus is empty.");
      enrolTill(device);
      const kitchen = found.staff.find(({ role, cafe_id }) => role === "kitchen" && cafe_id === device.cafe_id);
      await Promise.all([logInStudent(student.phone), kitchen ? logInStaff(kitchen) : undefined]);
      setHasBoard((await fetch("/cafe/", { method: "HEAD" })).ok);
      setCampus(found);
      setPhone(student.phone);
    })().catch(() => setHasFailed(true));
  }, []);

  const become = async (next: string) => {
    setPhone(undefined);
    await logInStudent(next);
    setPhone(next);
  };
  const device = campus?.devices[0];
  return (
    <div className="demo">
      <header className="demo-head">
        <div>
          <h1>{w.title}</h1>
          <p className="soft">{w.what}</p>
        </div>
        {campus && phone && <Tour frame={frame} />}
      </header>
      {hasFailed && <Notice tone="no" title={w.failed} />}
      {!campus && !hasFailed && (
        <div className="demo-loading" role="status">
          <p>{w.loading}</p>
          <Bones count={1} height={480} />
        </div>
      )}
      {campus && device && (
        <main className={`demo-frames ${hasBoard ? "demo-three" : ""}`}>
          <section className="demo-phone">
            <div className="demo-label">
              <h2>{w.phone}</h2>
              {campus.students.slice(0, shownStudents).map((student, index) => (
                <button
                  key={student.id}
                  type="button"
                  className="demo-student"
                  aria-pressed={student.phone === phone}
                  onClick={() => void become(student.phone)}
                >
                  {index + 1}
                  <span className="sr-only"> {w.student(index + 1)}</span>
                </button>
              ))}
              <Own href="/" />
            </div>
            <div className="demo-handset">
              {phone ? <iframe key={phone} ref={frame} title={w.phone} src={`/c/${device.cafe_id}`} /> : <Bones count={1} height={600} />}
            </div>
          </section>
          <section className="demo-till">
            <div className="demo-label">
              <h2>{w.till}</h2>
              <Own href="/pos/?demo" />
            </div>
            <iframe title={w.till} src="/pos/?demo" />
          </section>
          {hasBoard && (
            <section className="demo-board">
              <div className="demo-label">
                <h2>{w.board}</h2>
                <Own href="/cafe/" />
              </div>
              <iframe title={w.board} src="/cafe/" />
            </section>
          )}
        </main>
      )}
    </div>
  );
}

function Own({ href }: { readonly href: string }) {
  const w = useWords();
  return (
    <a className="demo-own" href={href} target="_blank" rel="noreferrer">
      {w.own}
    </a>
  );
}

/** Follows what the phone shows: nobody presses "next" in a tour that watches. */
function Tour({ frame }: { readonly frame: RefObject<HTMLIFrameElement | null> }) {
  const w = useWords();
  const [step, setStep] = useState(0);
  const [isSkipped, setIsSkipped] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => {
      const shown = frame.current?.contentWindow;
      const path = shown?.location.pathname ?? "";
      const isPaid = shown?.document.querySelector(".outcome-paid") !== null;
      setStep((known) =>
        isPaid && path.startsWith("/pay/")
          ? 3
          : path.startsWith("/pay/")
            ? Math.max(known, 2)
            : path.startsWith("/orders/")
              ? Math.max(known, 1)
              : known === 3
                ? 3
                : 0,
      );
    }, lookEveryMs);
    return () => clearInterval(timer);
  }, [frame]);
  if (isSkipped) return null;
  return (
    <div className="tour" role="status">
      <ol className="tour-dots" aria-hidden="true">
        {w.steps.slice(0, 4).map((text, index) => (
          <li key={text} className={index <= step ? "tour-done" : ""}>
            {index + 1}
          </li>
        ))}
      </ol>
      <p>{w.steps[step]}</p>
      <button type="button" className="button button-words" onClick={() => setIsSkipped(true)}>
        {w.skip}
      </button>
    </div>
  );
}
