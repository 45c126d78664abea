import { useRef, useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { amountOf, minorOf } from "../../../shared/money/typed-amount.ts";
import { Notice } from "../../../shared/ui/parts.tsx";
import { intent, refundsApi } from "../../api.ts";
import { Form } from "../../ui/form.tsx";
import { useWords } from "../../words/words.ts";

interface RefundFormProps {
  readonly orderId: string;
  readonly leftMinor: number;
  readonly currency: string;
  readonly onDone: () => unknown;
}

/** Gives money of a paid order back, and says how much it was, or that a second person must approve. */
export function RefundForm({ orderId, leftMinor, currency, onDone }: RefundFormProps) {
  const w = useWords();
  const [isOpen, setIsOpen] = useState(false);
  const [outcome, setOutcome] = useState<{ readonly isProposed: boolean; readonly minor: number }>();
  // One key per thing meant: a second tap after a lost answer gives the money back once.
  const key = useRef(intent());
  if (outcome)
    return outcome.isProposed ? (
      <Notice tone="wait" title={w.board.refundWaits} />
    ) : (
      <Notice tone="act" title={w.board.refundDone(money(outcome.minor, currency))} />
    );
  if (!isOpen)
    return (
      <div className="sheet-actions">
        <button type="button" className="button button-small button-second" onClick={() => setIsOpen(true)}>
          {w.board.refund}
        </button>
      </div>
    );
  return (
    <Form
      fields={[
        { name: "amount_minor", label: w.app.amount, kind: "amount", value: amountOf(leftMinor) },
        { name: "reason", label: w.app.reason, most: 200 },
      ]}
      submit={w.board.refund}
      tone="no"
      onSubmit={async ({ amount_minor, reason = "" }) => {
        const minor = minorOf(amount_minor) ?? leftMinor;
        const { status } = await unwrap(
          refundsApi.admin.orders[":orderId"].refund.$post({ param: { orderId }, json: { amount_minor: minor, reason } }, key.current),
        );
        setOutcome({ isProposed: status === "proposed", minor });
        await onDone();
      }}
    />
  );
}
