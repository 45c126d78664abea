import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { dayAndTime } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import { receiptKeys, verifyReceipt } from "../../../shared/receipts/verify-receipt.ts";
import { useSession } from "../../../shared/session/student.ts";
import { CrossIcon, OfflineIcon, ShieldIcon, TicketIcon } from "../../../shared/ui/icons.tsx";
import { Bones, EmptyState } from "../../../shared/ui/parts.tsx";
import { type KeptReceipt, keptReceipts } from "../../receipt-store.ts";
import { useWords } from "../../words/words.ts";

export function ReceiptsPage() {
  const w = useWords();
  const session = useSession();
  const studentId = session.kind === "in" ? session.student.id : undefined;
  const receipts = useQuery({ queryKey: ["kept-receipts", studentId], queryFn: () => keptReceipts(studentId), staleTime: 0 });
  return (
    <div className="narrow stack">
      <h1>{w.receipts.title}</h1>
      {receipts.isPending && <Bones count={2} height={220} />}
      {receipts.data?.length === 0 && <EmptyState title={w.receipts.none} what={w.receipts.noneWhat} icon={<TicketIcon size={36} />} />}
      <ul className="stack">
        {receipts.data?.map((receipt) => (
          <li key={receipt.id}>
            <Receipt receipt={receipt} />
          </li>
        ))}
      </ul>
      <Link to="/verify" className="button button-second">
        {w.receipts.verify}
      </Link>
    </div>
  );
}

function Receipt({ receipt }: { readonly receipt: KeptReceipt }) {
  const w = useWords();
  const share = () => {
    const text = receipt.jws;
    if (navigator.share) void navigator.share({ title: `${receipt.cafe} ${receipt.orderNumber}`, text }).catch(() => undefined);
    else void navigator.clipboard?.writeText(text);
  };
  return (
    <VerdictOf jws={receipt.jws} cafe={receipt.cafe}>
      <button type="button" className="button button-words" onClick={share}>
        {w.receipts.share}
      </button>
    </VerdictOf>
  );
}

interface VerdictProps {
  readonly jws: string;
  readonly cafe?: string;
  readonly children?: ReactNode;
}

/** A receipt as a ticket, with its verdict: computed here, each time it is shown. */
export function VerdictOf({ jws, cafe, children }: VerdictProps) {
  const w = useWords();
  const verdict = useQuery({
    queryKey: ["verdict", jws],
    queryFn: async () => verifyReceipt(jws, await receiptKeys()),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!verdict.data) return <Bones count={1} height={220} />;
  const { kind } = verdict.data;
  const payload = kind === "genuine" || kind === "unknown-key" ? verdict.data.payload : undefined;
  const amount = payload?.amount_minor ?? payload?.total_minor;
  const paidAt = payload?.paid_at ?? payload?.at;
  return (
    <article className={`ticket-holder verdict verdict-${kind}`}>
      <div className="ticket">
        <div className="row-between">
          <strong>{cafe ?? w.receipts.id}</strong>
          {typeof payload?.order_number === "string" && <span>{payload.order_number}</span>}
        </div>
        {amount !== undefined && payload?.currency && <p className="amount">{money(amount, payload.currency)}</p>}
        {paidAt && <p className="soft">{dayAndTime(paidAt)}</p>}
        <hr />
        {kind === "genuine" && (
          <div className="row verdict-line" role="status">
            <ShieldIcon size={32} />
            <span className="stack-tight">
              <strong>{w.receipts.genuine}</strong>
              <span className="small">{w.receipts.genuineWhat(tenths(verdict.data.ms))}</span>
            </span>
          </div>
        )}
        {kind === "fake" && (
          <div className="row verdict-line" role="status">
            <CrossIcon size={32} />
            <span className="stack-tight">
              <strong>{w.receipts.fake}</strong>
              <span className="small">{w.receipts.fakeWhat}</span>
            </span>
          </div>
        )}
        {(kind === "unknown-key" || kind === "cannot") && (
          <div className="row verdict-line" role="status">
            <OfflineIcon size={32} />
            <span className="stack-tight">
              <strong>{w.receipts.unknownKey}</strong>
              <span className="small">{kind === "cannot" ? w.receipts.cannot : w.receipts.unknownKeyWhat}</span>
            </span>
          </div>
        )}
        <dl className="facts small soft">
          {payload?.receipt_id && (
            <>
              <dt>{w.receipts.id}</dt>
              <dd>{payload.receipt_id}</dd>
            </>
          )}
          {payload?.region && (
            <>
              <dt>{w.receipts.region}</dt>
              <dd>{payload.region}</dd>
            </>
          )}
        </dl>
        {children}
      </div>
    </article>
  );
}

/** "0,6" or "0.6", as the page's language writes it. */
const tenths = (number: number): string =>
  new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(number);
