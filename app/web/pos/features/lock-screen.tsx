import { useState } from "react";
import { Notice } from "../../shared/ui/parts.tsx";
import { type Person, pinLength, unlock, usePeople } from "../people.ts";
import { useWords } from "../words/words.ts";

const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "←"];

/** The till is locked: whose turn is it, and that one's PIN. */
export function LockScreen({ onSomebodyElse }: { readonly onSomebodyElse: () => void }) {
  const w = useWords();
  const { all } = usePeople();
  const [chosen, setChosen] = useState<Person | undefined>(all.length === 1 ? all[0] : undefined);
  const person = all.find(({ id }) => id === chosen?.id);
  return (
    <section className="lock stack" aria-labelledby="locked">
      <h1 id="locked">{w.people.locked}</h1>
      {person ? (
        <PinPad key={person.id} person={person} />
      ) : (
        <ul className="lock-people">
          {all.map((one) => (
            <li key={one.id}>
              <button type="button" className="button till-button button-wide" onClick={() => setChosen(one)}>
                {one.name}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="shift-moves">
        {person && all.length > 1 && (
          <button type="button" className="button button-second till-button" onClick={() => setChosen(undefined)}>
            {w.app.back}
          </button>
        )}
        <button type="button" className="button button-second till-button" onClick={onSomebodyElse}>
          {w.people.other}
        </button>
      </div>
    </section>
  );
}

function PinPad({ person }: { readonly person: Person }) {
  const w = useWords();
  const [pin, setPin] = useState("");
  const [left, setLeft] = useState<number>();
  const press = async (key: string) => {
    const next = key === "←" ? pin.slice(0, -1) : `${pin}${key}`;
    setPin(next);
    if (next.length < pinLength) return;
    setPin("");
    setLeft(await unlock(person.id, next));
  };
  return (
    <>
      <h2>
        {person.name} <span className="soft">· {w.people.pinHere}</span>
      </h2>
      <p className="pin-dots" role="status">
        <span className="sr-only">{w.people.typed(pin.length)}</span>
        {Array.from({ length: pinLength }, (_, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: places never move.
          <span key={place} className={place < pin.length ? "pin-dot pin-set" : "pin-dot"} aria-hidden="true" />
        ))}
      </p>
      {left !== undefined && <Notice tone="no" title={w.people.wrong(left)} />}
      <div className="pad">
        {keys.map((key) => (
          <button
            key={key}
            type="button"
            className="pad-key"
            aria-label={key === "←" ? w.people.back : key}
            onClick={() => void press(key)}
          >
            {key}
          </button>
        ))}
      </div>
    </>
  );
}
