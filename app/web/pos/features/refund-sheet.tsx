import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { authClient } from "../../shared/api/clients.ts";
import { ApiError, plainFetch, unwrap } from "../../shared/api/request.ts";
import { clock } from "../../shared/money/dates.ts";
import { money } from "../../shared/money/money.ts";
import { CardIcon, CheckIcon } from "../../shared/ui/icons.tsx";
import { EmptyState, Notice, Sheet } from "../../shared/ui/parts.tsx";
import { saleApi } from "../device.ts";
import { inName, usePeople } from "../people.ts";
import { type PaidHere, paidHere } from "../till.ts";
import { useWords } from "../words/words.ts";

const auth = authClient(plainFetch);

interface Approver {
  readonly authorization: string;
  readonly reason: string;
}

/** Money goes back to where it came from, with a person's name on it: the till alone gives none away. */
export function RefundSheet({ onClose }: { readonly onClose: () => void }) {
  const w = useWords();
  const [paid, setPaid] = useState<PaidHere>();
  const [staff, setStaff] = useState<Approver>();
  const [scanId] = useState(() => crypto.randomUUID());
  const { current } = usePeople();
  const mayAnswer = current?.role === "owner" || current?.role === "cashier";
  const logIn = useMutation({
    mutationFn: async (form: FormData) => {
      const person = mayAnswer ? await inName() : undefined;
      if (person) return { authorization: person.header["x-staff-authorization"], reason: String(form.get("reason")) };
      const body = (await unwrap(
        auth.admin.auth.login.$post({
          json: { username: String(form.get("user")), password: String(form.get("password")) },
          header: {},
        }),
      )) as { access_token: string };
      return { authorization: `Bearer ${body.access_token}`, reason: String(form.get("reason")) };
    },
    onSuccess: (approver) => {
      setStaff(approver);
      if (paid?.isCash) give.mutate({ approver });
    },
  });
  const give = useMutation({
    mutationFn: ({ approver, uid }: { approver: Approver; uid?: string }) =>
      unwrap(
        saleApi.pos.refunds.$post({
          header: { "x-staff-authorization": approver.authorization },
          json: { scan_id: scanId, order_id: paid?.orderId ?? "", reason: approver.reason, ...(uid ? { card_uid: uid } : {}) },
        }),
      ) as Promise<{ amount_minor: number; currency: string }>,
  });
  useEffect(() => {
    if (!staff || paid?.isCash) return;
    const onCard = (event: Event) => give.mutate({ approver: staff, uid: (event as CustomEvent<string>).detail });
    addEventListener("card", onCard);
    return () => removeEventListener("card", onCard);
  }, [staff, paid, give.mutate]);
  const failed = give.error ?? logIn.error;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    logIn.mutate(new FormData(event.currentTarget));
  };
  return (
    <Sheet title={w.refund.title} closeLabel={w.app.close} onClose={onClose}>
      <h2>{w.refund.title}</h2>
      {failed instanceof ApiError && (
        <Notice tone="no" title={failed.details.because === "second_person" ? w.refund.tooLarge : w.errors[failed.code]} />
      )}
      {give.data ? (
        <EmptyState title={w.refund.done} what={money(give.data.amount_minor, give.data.currency)} icon={<CheckIcon size={40} />} />
      ) : !paid ? (
        <Recent onPick={setPaid} />
      ) : !staff ? (
        <form className="stack" onSubmit={submit}>
          <p className="soft">{mayAnswer ? current?.name : w.refund.what}</p>
          <label className="field">
            <span>{w.refund.reason}</span>
            <input className="input" name="reason" required maxLength={200} />
          </label>
          {!mayAnswer && (
            <>
              <label className="field">
                <span>{w.refund.user}</span>
                <input className="input" name="user" required autoComplete="off" />
              </label>
              <label className="field">
                <span>{w.refund.password}</span>
                <input className="input" name="password" type="password" required autoComplete="off" />
              </label>
            </>
          )}
          <button type="submit" className="button till-button" disabled={logIn.isPending}>
            {w.refund.give(money(paid.amountMinor, paid.currency))}
          </button>
        </form>
      ) : (
        <EmptyState title={w.refund.card} icon={<CardIcon size={40} />} />
      )}
    </Sheet>
  );
}

function Recent({ onPick }: { readonly onPick: (paid: PaidHere) => void }) {
  const w = useWords();
  const recent = paidHere();
  if (recent.length === 0) return <EmptyState title={w.refund.none} />;
  return (
    <>
      <h3>{w.refund.recent}</h3>
      <ul className="stack-tight">
        {recent.map((paid) => (
          <li key={paid.orderId}>
            <button type="button" className="button button-second till-button button-wide" onClick={() => onPick(paid)}>
              {clock(paid.at)} · {paid.orderNumber} · {money(paid.amountMinor, paid.currency)}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
