import { lazy, Suspense, useEffect } from "react";
import { money } from "../../shared/money/money.ts";
import { shortNumber } from "../../shared/money/order-number.ts";
import { SpeakIcon } from "../../shared/ui/icons.tsx";
import { useCountdown } from "../../shared/ui/use-countdown.ts";
import { useLinked } from "../link.ts";
import { speak } from "../sound.ts";
import { look, type OpenCharge, takeBack } from "../till.ts";
import { useWords } from "../words/words.ts";

const ChargeCode = lazy(async () => ({ default: (await import("./charge-code.tsx")).ChargeCode }));

const askEveryMs = { linked: 8_000, alone: 1_500 };

/** The two digits, a fifth of the screen high, and said aloud once. */
export function Waiting({ charge }: { readonly charge: OpenCharge }) {
  const w = useWords();
  const isLinked = useLinked();
  const left = useCountdown(charge.expiresIn, charge.readAt);
  const [one = "", two = ""] = charge.matchCode;
  const said = w.wait.said(one, two);
  useEffect(() => speak(said), [said]);
  useEffect(() => {
    const timer = setInterval(() => void look(), isLinked ? askEveryMs.linked : askEveryMs.alone);
    return () => clearInterval(timer);
  }, [isLinked]);
  useEffect(() => {
    if (left === 0) void look();
  }, [left]);
  return (
    <div className="screen screen-wait">
      <h1>{w.wait.title}</h1>
      <p className="screen-amount">{money(charge.amountMinor, charge.currency)}</p>
      <p className="screen-who">
        {charge.studentLabel} · {w.paid.number(shortNumber(charge.orderNumber))}
      </p>
      <p className="screen-tell">{w.wait.tell}</p>
      <p className="match" role="img" aria-label={said}>
        {charge.matchCode}
      </p>
      <div className="screen-buttons">
        <button type="button" className="button till-button screen-button" onClick={() => speak(said)}>
          <SpeakIcon size={28} /> {w.wait.speak}
        </button>
        <button type="button" className="button till-button screen-button" onClick={() => void takeBack()}>
          <span>
            {w.wait.cancel} · <span role="timer">{w.wait.left(left)}</span>
          </span>
        </button>
      </div>
      <div className={`screen-code ${charge.isReachable ? "screen-code-small" : ""}`}>
        <Suspense>
          <ChargeCode address={charge.qrUrl} label={w.wait.qr} />
        </Suspense>
        <p>
          {w.wait.code} <strong>{charge.shortCode}</strong>
        </p>
      </div>
    </div>
  );
}
