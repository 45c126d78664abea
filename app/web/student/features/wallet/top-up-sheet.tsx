import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type ApiError, unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { minorOf } from "../../../shared/money/typed-amount.ts";
import { WalletIcon } from "../../../shared/ui/icons.tsx";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { topUpsApi } from "../../api.ts";
import { leaveToPay } from "../../checkout.ts";
import { ErrorNote } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";

interface TopUpProps {
  readonly currency: string;
  readonly amountMinor?: number;
  /** Where to go on once the money is there. */
  readonly back?: string;
  /** The bank said no a moment ago. */
  readonly refusal: ApiError | undefined;
  readonly onClose: () => void;
}

/** The amount, and then the bank's own page. The key belongs to this sheet, so a repeated tap is the same top-up. */
export function TopUpSheet({ currency, amountMinor, back, refusal, onClose }: TopUpProps) {
  const w = useWords();
  const [typed, setTyped] = useState("");
  const [keeps, setKeeps] = useState(false);
  const [key] = useState(() => crypto.randomUUID());
  const minor = amountMinor ?? minorOf(typed) ?? 0;
  const begin = useMutation({
    mutationFn: () =>
      unwrap(
        topUpsApi.wallet["top-ups"].$post(
          { json: { amount_minor: minor, save_method: keeps } },
          { headers: { "idempotency-key": `${key}${minor}`.slice(0, 64) } },
        ),
      ),
    onSuccess: ({ checkout }) => leaveToPay(checkout, { amount: minor, back }),
  });
  const isAmount = minor >= 1_000;
  return (
    <Sheet title={w.wallet.topUp} closeLabel={w.app.close} onClose={onClose}>
      <span className="empty-icon">
        <WalletIcon size={36} />
      </span>
      <h2>{w.wallet.bank}</h2>
      <p className="soft">{w.wallet.bankWhat}</p>
      {amountMinor === undefined ? (
        <label className="field">
          <span>{w.wallet.amount}</span>
          <input className="input" inputMode="decimal" autoComplete="off" value={typed} onChange={({ target }) => setTyped(target.value)} />
        </label>
      ) : (
        <p className="amount">{money(minor, currency)}</p>
      )}
      <label className="option">
        <input type="checkbox" checked={keeps} onChange={() => setKeeps(!keeps)} />
        <span>{w.wallet.keepMethod}</span>
      </label>
      <ErrorNote error={begin.error ?? (begin.isPending ? undefined : refusal)} />
      <button type="button" className="button button-big" disabled={!isAmount || begin.isPending} onClick={() => begin.mutate()}>
        {w.wallet.toBank(isAmount ? money(minor, currency) : "")}
      </button>
    </Sheet>
  );
}
