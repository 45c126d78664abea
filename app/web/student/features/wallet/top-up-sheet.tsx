import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { minorOf } from "../../../shared/money/typed-amount.ts";
import { WalletIcon } from "../../../shared/ui/icons.tsx";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { paymentsApi, topUpsApi } from "../../api.ts";
import { payAtSandbox } from "../../sandbox.ts";
import { ErrorNote } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";

interface TopUpProps {
  readonly currency: string;
  readonly amountMinor?: number;
  readonly onDone: (minor: number) => void;
  readonly onClose: () => void;
}

/** Two taps: the amount, and the bank's yes. The key belongs to this sheet, so a repeated tap is the same top-up. */
export function TopUpSheet({ currency, amountMinor, onDone, onClose }: TopUpProps) {
  const w = useWords();
  const [typed, setTyped] = useState("");
  const [keeps, setKeeps] = useState(false);
  const [key] = useState(() => crypto.randomUUID());
  const minor = amountMinor ?? minorOf(typed) ?? 0;
  const pay = useMutation({
    mutationFn: async (outcome: "captured" | "failed") => {
      const order = (await unwrap(
        topUpsApi.wallet["top-ups"].$post(
          { json: { amount_minor: minor, save_method: keeps } },
          { headers: { "idempotency-key": `${key}${minor}`.slice(0, 64) } },
        ),
      )) as { gateway_order_id: string };
      const paid = await payAtSandbox(order.gateway_order_id, outcome, keeps);
      if (outcome === "failed") throw new ApiError("PAYMENT_FAILED", "The bank said no.");
      await unwrap(
        paymentsApi.payments.verify.$post({
          json: { gateway_order_id: paid.razorpay_order_id, payment_id: paid.razorpay_payment_id, signature: paid.razorpay_signature },
        }),
      );
    },
    onSuccess: () => onDone(minor),
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
      <ErrorNote error={pay.error} />
      <div className="pay-buttons">
        <button type="button" className="button button-big" disabled={!isAmount || pay.isPending} onClick={() => pay.mutate("captured")}>
          {w.wallet.approve(isAmount ? money(minor, currency) : "")}
        </button>
        <button type="button" className="button button-second" disabled={!isAmount || pay.isPending} onClick={() => pay.mutate("failed")}>
          {w.wallet.refuse}
        </button>
      </div>
    </Sheet>
  );
}
