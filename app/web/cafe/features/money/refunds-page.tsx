import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type JsonOf, unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { CheckIcon } from "../../../shared/ui/icons.tsx";
import { EmptyState } from "../../../shared/ui/parts.tsx";
import { boardApi, intent, refundProposalsApi } from "../../api.ts";
import { Go } from "../../link.tsx";
import { refresh } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Chip, ErrorNote, Loaded, Page, Sure, Table } from "../../ui/parts.tsx";
import { useOwnerWords } from "../../words/owner.ts";
import { useWords } from "../../words/words.ts";
import { OrderSheet } from "../board/order-sheet.tsx";

const proposals = refundProposalsApi.admin["refund-proposals"];
const ask = () => proposals.$get({ query: { limit: 100 } });
type Proposal = JsonOf<typeof ask>["items"][number];

const key = ["refund-proposals"];
const looksAgainMs = 30_000;
const tones = { pending: "wait", approved: "act", rejected: "no" } as const;

/** The café's refunds that take two people: the second one decides here, and whoever asked may take it back. */
export function RefundsPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const o = useOwnerWords();
  const session = useStaffSession();
  const query = useQuery({ queryKey: key, queryFn: () => unwrap(ask()), refetchInterval: looksAgainMs });
  const [shown, setShown] = useState<string>();
  const order = useQuery({
    queryKey: [...key, "order", shown],
    queryFn: () => unwrap(boardApi.admin.orders[":orderId"].$get({ param: { orderId: shown ?? "" } })),
    enabled: shown !== undefined,
  });
  return (
    <Page title={w.nav.refunds} what={o.refunds.what}>
      {session.kind === "in" && session.user.role === "owner" && (
        <p>
          <Go to="/transactions">{o.refunds.howTo}</Go>
        </p>
      )}
      <Loaded query={query} bones={2}>
        {({ items }) => {
          const waiting = items.filter(({ status }) => status === "pending");
          const decided = items.filter(({ status }) => status !== "pending");
          return (
            <>
              {waiting.length === 0 && <EmptyState title={o.refunds.none} what={o.refunds.noneWhat} icon={<CheckIcon size={36} />} />}
              <ul className="cards">
                {waiting.map((proposal) => (
                  <WaitingRefund key={proposal.id} proposal={proposal} onShow={() => setShown(proposal.order_id)} />
                ))}
              </ul>
              {decided.length > 0 && <h2>{o.refunds.decided}</h2>}
              {decided.length > 0 && (
                <Table
                  caption={o.refunds.decided}
                  rows={decided}
                  keyOf={({ id }) => id}
                  columns={[
                    { label: w.app.when, cell: ({ decided_at, created_at }) => dayAndTime(decided_at ?? created_at) },
                    { label: w.app.reason, cell: ({ reason }) => reason },
                    { label: w.app.status, cell: ({ status }) => <Chip tone={tones[status]}>{o.refunds.states[status]}</Chip> },
                    { label: w.app.amount, isNumber: true, cell: ({ amount_minor, currency }) => money(amount_minor, currency) },
                  ]}
                />
              )}
            </>
          );
        }}
      </Loaded>
      {order.data && shown && <OrderSheet order={order.data} onClose={() => setShown(undefined)} />}
    </Page>
  );
}

function WaitingRefund({ proposal, onShow }: { readonly proposal: Proposal; readonly onShow: () => void }) {
  const o = useOwnerWords();
  const { since } = useDates();
  const session = useStaffSession();
  const isOwn = session.kind === "in" && session.user.id === proposal.requested_by;
  const isOwner = session.kind === "in" && session.user.role === "owner";
  // One key for one decision: a second tap after a lost answer gives the money back once.
  const [approval] = useState(intent);
  const param = { refundProposalId: proposal.id };
  const done = { onSettled: () => refresh(...key) };
  const approve = useMutation({ mutationFn: () => unwrap(proposals[":refundProposalId"].approve.$post({ param }, approval)), ...done });
  const reject = useMutation({ mutationFn: () => unwrap(proposals[":refundProposalId"].reject.$post({ param })), ...done });
  const amount = money(proposal.amount_minor, proposal.currency);
  return (
    <li className="card stack waiting">
      <p className="row-between">
        <Chip tone="wait">{o.refunds.to[proposal.to]}</Chip>
        <span className="soft small">{since(proposal.created_at)}</span>
      </p>
      <strong className="waiting-title">{amount}</strong>
      <p>{proposal.reason}</p>
      {(isOwn || !isOwner) && <p className="soft">{isOwn ? o.refunds.own : o.refunds.cashier}</p>}
      <ErrorNote error={approve.error ?? reject.error} />
      <div className="sheet-actions">
        {isOwner && !isOwn && (
          <Sure
            label={o.refunds.approve(amount)}
            sure={o.refunds.approveSure}
            isPending={approve.isPending}
            onSure={() => approve.mutate()}
          />
        )}
        <button type="button" className="button button-small button-second" onClick={onShow}>
          {o.refunds.order}
        </button>
        <Sure
          label={isOwn ? o.refunds.takeBack : o.refunds.reject}
          sure={isOwn ? o.refunds.takeBackSure : o.refunds.rejectSure}
          isPending={reject.isPending}
          onSure={() => reject.mutate()}
        />
      </div>
    </li>
  );
}
