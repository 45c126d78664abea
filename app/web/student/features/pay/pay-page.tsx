import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, Navigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiError } from "../../../shared/api/request.ts";
import { useLive } from "../../../shared/live/student-socket.ts";
import { money } from "../../../shared/money/money.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { type Student, useSession } from "../../../shared/session/student.ts";
import { announce } from "../../../shared/ui/announce.ts";
import { ClockIcon, CrossIcon, SnowIcon } from "../../../shared/ui/icons.tsx";
import { Bones, Notice } from "../../../shared/ui/parts.tsx";
import { useCountdown } from "../../../shared/ui/use-countdown.ts";
import { useWakeLock } from "../../../shared/ui/wake-lock.ts";
import { chargeQuery, queryClient, walletQuery } from "../../queries.ts";
import { keepReceipt } from "../../receipt-store.ts";
import { ErrorNote, ErrorState, useOnline } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";
import { NewKey } from "./new-key.tsx";
import { type Charge, confirm, decline, giveMoreTime } from "./pay-query.ts";

const askEveryMs = { live: 8_000, alone: 1_500 };

/** The question and whatever became of it: the charge's state alone says which screen this is, after any reload or Back. */
export function PayPage() {
  const { chargeId } = useParams({ from: "/pay/$chargeId" });
  const session = useSession();
  const isLive = useLive();
  const charge = useQuery({
    ...chargeQuery(chargeId),
    enabled: session.kind === "in",
    refetchInterval: ({ state }) =>
      state.data && state.data.state !== "open" && state.data.receipt ? false : isLive ? askEveryMs.live : askEveryMs.alone,
    refetchOnWindowFocus: "always",
  });
  if (session.kind === "out") return <Navigate to="/login" search={{ to: `/pay/${chargeId}` }} replace />;
  if (session.kind !== "in" || charge.isPending)
    return (
      <div className="narrow">
        <Bones count={2} height={220} />
      </div>
    );
  if (!charge.data) return <ErrorState isPage error={charge.error} onRetry={() => void charge.refetch()} />;
  return (
    <div className="narrow">
      {charge.data.state === "open" ? (
        <Question key={charge.data.digest} charge={charge.data} student={session.student} />
      ) : (
        <Outcome charge={charge.data} student={session.student} />
      )}
    </div>
  );
}

function Question({ charge, student }: { readonly charge: Charge; readonly student: Student }) {
  const w = useWords();
  const isOnline = useOnline();
  const wallet = useQuery(walletQuery);
  const [digits, setDigits] = useState("");
  const [isNotMe, setIsNotMe] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const left = useCountdown(charge.expires_in, charge.readAt);
  useWakeLock(true);
  useSpokenTime(left);
  const amount = money(charge.amount_minor, charge.currency);
  const read = () => queryClient.invalidateQueries({ queryKey: chargeQuery(charge.id).queryKey });
  const yes = useMutation({
    mutationFn: () => confirm({ charge, studentId: student.id, digits }),
    onSuccess: () => {
      navigator.vibrate?.([30, 60, 30]);
      void queryClient.invalidateQueries({ queryKey: ["mine"] });
    },
    onError: (error) => {
      if (error instanceof ApiError && error.code === "NUMBER_MISMATCH") {
        setDigits("");
        field.current?.focus();
      }
      void read();
    },
  });
  const no = useMutation({
    mutationFn: (notMe: boolean) => decline(charge.id, notMe),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ["mine"] }),
  });
  const more = useMutation({ mutationFn: () => giveMoreTime(charge.id), onSettled: () => void read() });
  const code = yes.error instanceof ApiError ? yes.error.code : undefined;
  const missingMinor = wallet.data ? charge.amount_minor - wallet.data.balance_minor : 0;
  const isShort = missingMinor > 0;
  const needsDigits = charge.requires_number_match;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!yes.isPending && isOnline && (!needsDigits || digits.length === 2)) yes.mutate();
  };
  if (code === "INVALID_SIGNATURE") return <NewKey student={student} amount={amount} onReady={() => yes.mutate()} />;
  if (yes.data && !("receipt" in yes.data)) return <BeingChecked />;
  return (
    <form className="pay" onSubmit={submit}>
      <div className="ticket-holder">
        <div className="ticket">
          <div className="row-between">
            <h1 className="pay-title">{w.pay.title(charge.cafe.name)}</h1>
            <Ring left={left} whole={charge.expires_in} label={w.pay.left(left)} />
          </div>
          {charge.more_time && (
            <button
              type="button"
              className="button button-words pay-more"
              disabled={more.isPending || !isOnline}
              onClick={() => more.mutate()}
            >
              <ClockIcon size={20} /> {w.pay.more}
            </button>
          )}
          <p className="amount">{amount}</p>
          <hr />
          <ul className="lines">
            {charge.items.map((item) => (
              <li key={`${item.name} ${item.line_total_minor}`}>
                <span>{item.quantity} ×</span>
                <span>{item.name}</span>
                <span>{money(item.line_total_minor, charge.currency)}</span>
              </li>
            ))}
          </ul>
          {wallet.data && !isShort && (
            <p className="soft small">{w.pay.after(money(wallet.data.balance_minor - charge.amount_minor, charge.currency))}</p>
          )}
        </div>
      </div>
      {code === "CHARGE_CHANGED" && <Notice tone="wait" title={w.pay.newAmount} />}
      {!isOnline && <Notice tone="wait" title={w.pay.offline} />}
      {isShort && (
        <Notice tone="wait" title={w.pay.short(money(missingMinor, charge.currency))}>
          <Link to="/wallet" search={{ amount: roundedUp(missingMinor), back: `/pay/${charge.id}` }} className="button button-wide">
            {w.pay.topUp(money(roundedUp(missingMinor), charge.currency))}
          </Link>
        </Notice>
      )}
      {needsDigits && (
        <label className="field digits">
          <span>{w.pay.digits}</span>
          <input
            ref={field}
            className="input digits-input"
            inputMode="numeric"
            autoComplete="off"
            pattern="[0-9]{2}"
            maxLength={2}
            value={digits}
            aria-invalid={code === "NUMBER_MISMATCH"}
            aria-describedby="digits-what"
            // biome-ignore lint/a11y/noAutofocus: the one thing that this page asks for.
            autoFocus
            onChange={({ target }) => setDigits(target.value.replace(/\D/g, "").slice(0, 2))}
          />
          <small id="digits-what">{w.pay.digitsWhat}</small>
        </label>
      )}
      {code !== "CHARGE_CHANGED" && code !== "INSUFFICIENT_FUNDS" && <ErrorNote error={yes.error} />}
      <ErrorNote error={no.error ?? more.error} />
      <div className="pay-buttons">
        <button
          type="submit"
          className="button button-big button-wide pay-yes"
          disabled={!isOnline || isShort || yes.isPending || (needsDigits && digits.length < 2)}
        >
          {yes.isPending ? w.pay.paying : w.pay.pay(amount)}
        </button>
        <button
          type="button"
          className="button button-second button-big button-wide"
          disabled={no.isPending || yes.isPending}
          onClick={() => no.mutate(false)}
        >
          {w.pay.decline}
        </button>
      </div>
      {isNotMe ? (
        <Notice tone="no" title={w.pay.notMeSure}>
          <p>{w.pay.notMeWhat}</p>
          <button type="button" className="button button-no" disabled={no.isPending} onClick={() => no.mutate(true)}>
            <SnowIcon size={20} /> {w.pay.notMeDo}
          </button>
        </Notice>
      ) : (
        <button type="button" className="button button-words pay-not-me" onClick={() => setIsNotMe(true)}>
          {w.pay.notMe}
        </button>
      )}
    </form>
  );
}

/** To the next ten: nobody tops up 3.70. */
const roundedUp = (minor: number) => Math.max(5_000, Math.ceil(minor / 1_000) * 1_000);

const spokenAt = [30, 10];

/** Said at the start, at 30 and 10 seconds and at the end; never each second. */
function useSpokenTime(left: number): void {
  const w = useWords();
  const said = useRef(new Set<number>());
  useEffect(() => {
    const due = said.current.size === 0 ? left : left === 0 ? 0 : spokenAt.find((seconds) => left === seconds);
    if (due === undefined || said.current.has(due)) return;
    said.current.add(due);
    announce(due === 0 ? w.pay.endSaid : w.pay.leftSaid(due));
  }, [left, w]);
}

function Ring({ left, whole, label }: { readonly left: number; readonly whole: number; readonly label: string }) {
  const length = 2 * Math.PI * 21;
  return (
    <div className={`ring ${left <= 10 ? "ring-late" : ""}`} role="timer" aria-live="off">
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <circle cx="24" cy="24" r="21" />
        <circle cx="24" cy="24" r="21" strokeDasharray={length} strokeDashoffset={length * (1 - left / Math.max(60, whole))} />
      </svg>
      <span>{label}</span>
    </div>
  );
}

function BeingChecked() {
  const w = useWords();
  return (
    <div className="outcome outcome-wait" role="status">
      <span className="stamp">
        <ClockIcon size={56} />
      </span>
      <h1>{w.pay.checking}</h1>
      <p>{w.pay.checkingWhat}</p>
    </div>
  );
}

function Outcome({ charge, student }: { readonly charge: Charge; readonly student: Student }) {
  const w = useWords();
  const isPaid = charge.state === "confirmed";
  const { receipt, receipt_id: receiptId } = charge;
  useEffect(() => {
    if (receipt && receiptId)
      void keepReceipt({ id: receiptId, jws: receipt, cafe: charge.cafe.name, orderNumber: charge.order_number, studentId: student.id });
  }, [receipt, receiptId, charge, student]);
  const states = {
    confirmed: [w.pay.paid, w.pay.paidWhat(charge.cafe.name)],
    declined: [w.pay.declined, w.pay.declinedWhat],
    expired: [w.pay.expired, w.pay.expiredWhat],
    voided: [w.pay.voided, w.pay.voidedWhat],
    superseded: [w.pay.superseded, w.pay.supersededWhat],
    open: ["", ""],
  } as const;
  const [title, what] = states[charge.state];
  return (
    <div className={`outcome ${isPaid ? "outcome-paid" : "outcome-no"}`} role="status">
      <span className="stamp">
        {isPaid ? <PaidMark /> : charge.state === "expired" ? <ClockIcon size={64} /> : <CrossIcon size={64} />}
      </span>
      <h1>{title}</h1>
      <p>{what}</p>
      <p className="amount">{money(charge.amount_minor, charge.currency)}</p>
      {isPaid && (
        <p className="outcome-number">
          {w.orders.pickupNumber} <strong>{shortNumber(charge.order_number)}</strong>
        </p>
      )}
      <div className="pay-buttons">
        <Link to="/orders/$orderId" params={{ orderId: charge.order_id }} className="button button-big button-wide" replace>
          {w.pay.toOrder}
        </Link>
        {isPaid && (
          <Link to="/receipts" className="button button-second button-big button-wide">
            {w.pay.toReceipt}
          </Link>
        )}
      </div>
    </div>
  );
}

const PaidMark = () => (
  <svg
    width="72"
    height="72"
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    strokeWidth="2.600"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    <path className="draw" d="m5 12.500 4.800 4.800L19.500 7" pathLength="1" />
  </svg>
);
