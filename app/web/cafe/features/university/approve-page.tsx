import { type UseMutationResult, useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ApiError, unwrap } from "../../../shared/api/request.ts";
import { money, signed } from "../../../shared/money/money.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { CheckIcon } from "../../../shared/ui/icons.tsx";
import { EmptyState } from "../../../shared/ui/parts.tsx";
import {
  adjustmentsApi,
  bankApi,
  boardApi,
  cafeApi,
  closeOutsApi,
  debtsApi,
  disputesApi,
  failoverApi,
  grantsApi,
  intent,
  refundProposalsApi,
  refundsApi,
} from "../../api.ts";
import { setCafe } from "../../cafe-choice.tsx";
import { Go, useGo } from "../../link.tsx";
import { refresh } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { FormSheet } from "../../ui/form.tsx";
import { Chip, ErrorNote, Loaded, Page, Sure } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { ReturnSheet } from "../bank/return-sheet.tsx";
import { StaffRequests } from "../people/staff-requests.tsx";
import { AdjustmentSheet } from "./adjustment-sheet.tsx";
import { isAgreed } from "./agreed.ts";
import { type CameBack, type CloseOut, type Unfinished, type WaitingCafe, waitingKey, waitingQuery } from "./waiting.ts";
import { WhoPaid } from "./who-paid.tsx";

/** Everything that waits for a second person, in one place: what, how much, who asked, and two buttons. */
export function ApprovePage() {
  const w = useWords();
  const u = useUniversityWords();
  const session = useStaffSession();
  const role = session.kind === "in" ? session.user.role : "";
  const me = session.kind === "in" ? session.user.id : "";
  const queues = useQuery(waitingQuery(role));
  const [isAsking, setIsAsking] = useState(false);
  const go = useGo();
  const lookAt = (cafeId: string) => {
    setCafe(cafeId);
    void go("/settings");
  };
  // Held here: whoever decides second, in another tab, reads why although the card is gone by then.
  const decide = useMutation({ mutationFn: (how: Decide) => how(), onSettled: () => refresh(...waitingKey) });
  const [paid, setPaid] = useState<CloseOut>();
  const [ended, setEnded] = useState<Unfinished>();
  const [back, setBack] = useState<CameBack>();
  return (
    <Page
      title={w.nav.approve}
      what={u.approve.what}
      actions={
        <button type="button" className="button button-small button-second" onClick={() => setIsAsking(true)}>
          {u.adjustments.ask}
        </button>
      }
    >
      <ErrorNote error={decide.error} />
      <Loaded query={queues}>
        {({ adjustments, writeOffs, closeOuts, bulkCredits, disputes, lost, accounts, refunds, cafes, cameBack, unfinished }) =>
          [adjustments, writeOffs, closeOuts, bulkCredits, disputes, lost, accounts, refunds, cafes, cameBack, unfinished].every(
            ({ length }) => length === 0,
          ) ? (
            <EmptyState title={u.approve.none} what={u.approve.noneWhat} icon={<CheckIcon size={36} />} />
          ) : (
            <ul className="cards">
              {cafes.map((cafe) => (
                <CafeWaiting key={cafe.id} cafe={cafe} decide={decide} onLook={() => lookAt(cafe.id)} />
              ))}
              {unfinished.map((order) => (
                <Waiting
                  decide={decide}
                  key={order.id}
                  kind={u.approve.unfinished}
                  title={money(order.total_minor, order.currency)}
                  what={
                    <>
                      {order.cafe_name} · <code>{order.printed_number}</code>
                      {order.student_name && ` · ${order.student_name}`}
                    </>
                  }
                  at={order.created_at}
                  onOpen={() => setEnded(order)}
                />
              ))}
              {adjustments.map(({ id, amount_minor, currency, reason, requested_by, created_at, ...asked }) => (
                <Waiting
                  decide={decide}
                  key={id}
                  kind={u.approve.adjustment}
                  title={signed(amount_minor, currency)}
                  what={reason}
                  student={asked}
                  at={created_at}
                  isOwn={requested_by === me}
                  onApprove={() => unwrap(adjustmentsApi.admin.adjustments[":adjustmentId"].approve.$post({ param: { adjustmentId: id } }))}
                  onReject={() => unwrap(adjustmentsApi.admin.adjustments[":adjustmentId"].reject.$post({ param: { adjustmentId: id } }))}
                />
              ))}
              {bulkCredits.map(({ id, title, total_minor, currency, lines, requested_by, requested_by_name, created_at }) => (
                <Waiting
                  decide={decide}
                  key={id}
                  kind={u.approve.bulkCredit}
                  title={`${money(total_minor, currency)} · ${title}`}
                  what={u.credits.waits(lines, requested_by_name)}
                  page={`/bulk-credits/${id}`}
                  at={created_at}
                  isOwn={requested_by === me}
                  onApprove={() => unwrap(grantsApi.admin["bulk-credits"][":bulkCreditId"].approve.$post({ param: { bulkCreditId: id } }))}
                  onReject={() => unwrap(grantsApi.admin["bulk-credits"][":bulkCreditId"].reject.$post({ param: { bulkCreditId: id } }))}
                />
              ))}
              {accounts.map(({ id, cafeName, holder, iban, requested_by, created_at }) => (
                <Waiting
                  decide={decide}
                  key={id}
                  kind={u.approve.account}
                  title={cafeName}
                  what={
                    <>
                      {holder} · <code>{iban}</code>
                    </>
                  }
                  at={created_at}
                  isOwn={requested_by === me}
                  onApprove={() =>
                    unwrap(bankApi.admin["cafe-bank-accounts"][":cafeBankAccountId"].approve.$post({ param: { cafeBankAccountId: id } }))
                  }
                  onReject={() =>
                    unwrap(bankApi.admin["cafe-bank-accounts"][":cafeBankAccountId"].reject.$post({ param: { cafeBankAccountId: id } }))
                  }
                />
              ))}
              {writeOffs.map(({ id, amount_minor, currency, reason, requested_by, ...asked }) => (
                <Waiting
                  decide={decide}
                  key={id}
                  kind={u.approve.writeOff}
                  title={money(amount_minor, currency)}
                  what={reason}
                  student={asked}
                  isOwn={requested_by === me}
                  onApprove={() => unwrap(debtsApi.admin["debt-write-offs"][":writeOffId"].approve.$post({ param: { writeOffId: id } }))}
                  onReject={() => unwrap(debtsApi.admin["debt-write-offs"][":writeOffId"].reject.$post({ param: { writeOffId: id } }))}
                />
              ))}
              {refunds.map(({ id, amount_minor, currency, reason, requested_by, created_at }) => (
                <Waiting
                  decide={decide}
                  key={id}
                  kind={u.approve.refund}
                  title={money(amount_minor, currency)}
                  what={reason}
                  at={created_at}
                  isOwn={requested_by === me}
                  onApprove={() =>
                    unwrap(
                      refundProposalsApi.admin["refund-proposals"][":refundProposalId"].approve.$post({ param: { refundProposalId: id } }),
                    )
                  }
                  onReject={() =>
                    unwrap(
                      refundProposalsApi.admin["refund-proposals"][":refundProposalId"].reject.$post({ param: { refundProposalId: id } }),
                    )
                  }
                />
              ))}
              {disputes.map(({ id, amount_minor, currency, reason, accept_asked_by, created_at }) => (
                <Waiting
                  decide={decide}
                  key={id}
                  kind={u.approve.dispute}
                  title={money(amount_minor, currency)}
                  what={reason}
                  page="/disputes"
                  at={created_at}
                  isOwn={accept_asked_by === me}
                  onApprove={() => unwrap(disputesApi.admin.disputes[":disputeId"].accept.$post({ param: { disputeId: id } }))}
                />
              ))}
              {lost.map(({ id, amount_minor, currency, order_number, dismiss_asked_because, dismiss_asked_by }) => (
                <Waiting
                  decide={decide}
                  key={id}
                  kind={u.approve.dismissal}
                  title={money(amount_minor, currency)}
                  what={`${order_number} · ${dismiss_asked_because}`}
                  page="/failover"
                  isOwn={dismiss_asked_by === me}
                  onApprove={() =>
                    unwrap(
                      failoverApi.admin.failover.cases[":caseId"].dismiss.$post({
                        param: { caseId: id },
                        json: { reason: dismiss_asked_because ?? "" },
                      }),
                    )
                  }
                />
              ))}
              {closeOuts.map((closeOut) => (
                <Waiting
                  decide={decide}
                  key={closeOut.id}
                  kind={u.approve.closeOut}
                  title={money(closeOut.amount_minor, closeOut.currency)}
                  what={`${u.approve.payTo} ${closeOut.pay_to}${isAgreed(closeOut) ? ` · ${u.approve.agreed}` : ""}`}
                  student={closeOut}
                  at={closeOut.created_at}
                  isOwn={isAgreed(closeOut) && closeOut.agreed_by === me}
                  own={u.approve.ownAgreed}
                  {...(role === "finance" ? { onOpen: () => setPaid(closeOut) } : {})}
                />
              ))}
              {cameBack.map((entry) => (
                <Waiting
                  decide={decide}
                  key={entry.id}
                  kind={u.bank.states.to_return}
                  title={money(entry.amount_minor, entry.currency)}
                  what={
                    <>
                      {entry.pay_out_kind && u.bank.kinds[entry.pay_out_kind]} · <code>{entry.reference}</code> · {u.bank.saidOnce}
                    </>
                  }
                  isOwn={entry.return_asked_by === me}
                  onOpen={() => setBack(entry)}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      <StaffRequests ownId={me} title={u.approve.staff} />
      {isAsking && <AdjustmentSheet onClose={() => setIsAsking(false)} />}
      {ended && <EndSheet order={ended} onClose={() => setEnded(undefined)} />}
      {back && <ReturnSheet entry={back} onClose={() => setBack(undefined)} />}
      {paid && <CloseOutSheet closeOut={paid} onClose={() => setPaid(undefined)} />}
    </Page>
  );
}

/** A café that is new, or one that wants another name. */
function CafeWaiting({ cafe, decide, onLook }: { cafe: WaitingCafe; decide: WaitingProps["decide"]; onLook: () => void }) {
  const u = useUniversityWords();
  const { id, name, wanted_name, looks_like, code, address, created_at, owners } = cafe;
  const param = { cafeId: id };
  const link = (
    <button type="button" className="button button-words waiting-link" onClick={onLook}>
      {wanted_name ?? name}
    </button>
  );
  const what = (
    <>
      {wanted_name !== null && (
        <>
          {u.approve.nowCalled(name)}
          <br />
        </>
      )}
      <code>{code}</code> {address ?? u.approve.noAddress}
      <br />
      {owners.map((owner) => `${owner.name} (${owner.username})`).join(", ")}
      {looks_like.length > 0 && (
        <>
          <br />
          <strong>{u.approve.looksLike(looks_like.join(", "))}</strong>
        </>
      )}
    </>
  );
  if (wanted_name === null)
    return (
      <Waiting
        decide={decide}
        kind={u.approve.cafe}
        title={link}
        what={what}
        at={created_at}
        onApprove={() => unwrap(cafeApi.admin.cafes[":cafeId"].approve.$post({ param, json: { name } }))}
      />
    );
  const json = { name: wanted_name };
  return (
    <Waiting
      decide={decide}
      kind={u.approve.newName}
      title={link}
      what={what}
      onApprove={() => unwrap(cafeApi.admin.cafes[":cafeId"]["approve-name"].$post({ param, json }))}
      onReject={() => unwrap(cafeApi.admin.cafes[":cafeId"]["reject-name"].$post({ param, json }))}
    />
  );
}

type Decide = () => Promise<unknown>;

interface Student {
  readonly student_id: string;
  readonly student_name: string | null;
  readonly student_number: string | null;
  readonly requested_by_name?: string | null;
}

interface WaitingProps {
  readonly kind: string;
  readonly title: ReactNode;
  readonly what: ReactNode;
  readonly student?: Student;
  /** Where all of it is to be read. */
  readonly page?: string;
  readonly at?: string;
  /** Who asked may not decide. */
  readonly isOwn?: boolean;
  /** Where it is somebody else's for another reason than having been asked for. */
  readonly own?: string;
  /** Of both buttons. */
  readonly decide: UseMutationResult<unknown, Error, Decide>;
  readonly onApprove?: Decide;
  readonly onReject?: Decide;
  readonly onOpen?: () => void;
}

function Waiting({ kind, title, what, student, page, at, isOwn = false, own, decide, onApprove, onReject, onOpen }: WaitingProps) {
  const { since } = useDates();
  const u = useUniversityWords();
  return (
    <li className="card stack waiting">
      <p className="row-between">
        <Chip tone="wait">{kind}</Chip>
        {at && <span className="soft small">{since(at)}</span>}
      </p>
      <strong className="waiting-title">{title}</strong>
      <p>{what}</p>
      {student && (
        <p>
          <WhoPaid student={student} />
          {student.requested_by_name && <small className="soft"> · {u.approve.askedBy(student.requested_by_name)}</small>}
        </p>
      )}
      {page && (
        <Go to={page} className="button button-small button-words waiting-link">
          {u.approve.look}
        </Go>
      )}
      {isOwn ? (
        <p className="soft">{own ?? u.approve.own}</p>
      ) : (
        <div className="sheet-actions">
          {onApprove && (
            <Sure label={u.approve.yes} sure={u.approve.yesSure} isPending={decide.isPending} onSure={() => decide.mutate(onApprove)} />
          )}
          {onOpen && (
            <button type="button" className="button button-small" onClick={onOpen}>
              {u.approve.look}
            </button>
          )}
          {onReject && (
            <Sure label={u.approve.no} sure={u.credits.noSure} isPending={decide.isPending} onSure={() => decide.mutate(onReject)} />
          )}
        </div>
      )}
    </li>
  );
}

/** What no café ends: cancelled with its money given back; where that takes two people, it is asked for first. */
function EndSheet({ order, onClose }: { readonly order: Unfinished; readonly onClose: () => void }) {
  const w = useWords();
  const u = useUniversityWords();
  const [asking] = useState(intent);
  const param = { orderId: order.id };
  const end = async (reason: string) => {
    try {
      return await unwrap(boardApi.admin.orders[":orderId"].status.$patch({ param, json: { status: "cancelled", reason } }));
    } catch (error) {
      if (!(error instanceof ApiError && error.details.because === "second_person")) throw error;
      return unwrap(refundsApi.admin.orders[":orderId"].refund.$post({ param, json: { reason } }, asking));
    }
  };
  return (
    <FormSheet
      title={u.approve.endOf(order.printed_number)}
      what={u.approve.endWhat}
      fields={[{ name: "reason", label: w.app.reason, most: 200 }]}
      submit={u.approve.end}
      tone="no"
      onSubmit={({ reason = "" }) => end(reason)}
      onDone={() => {
        void refresh(...waitingKey);
        onClose();
      }}
      onClose={onClose}
    />
  );
}

function CloseOutSheet({ closeOut, onClose }: { readonly closeOut: CloseOut; readonly onClose: () => void }) {
  const w = useWords();
  const u = useUniversityWords();
  const [isRejecting, setIsRejecting] = useState(false);
  const [approval] = useState(intent);
  const param = { closeOutId: closeOut.id };
  const isPaid = isAgreed(closeOut);
  const done = () => {
    void refresh(...waitingKey);
    onClose();
  };
  if (isRejecting)
    return (
      <FormSheet
        title={u.approve.no}
        fields={[{ name: "reason", label: w.app.reason, most: 200 }]}
        submit={u.approve.no}
        tone="no"
        onSubmit={({ reason = "" }) => unwrap(closeOutsApi.admin["close-outs"][":closeOutId"].reject.$post({ param, json: { reason } }))}
        onDone={done}
        onClose={onClose}
      />
    );
  return (
    <FormSheet
      title={money(closeOut.amount_minor, closeOut.currency)}
      what={`${u.approve.payTo} ${closeOut.pay_to}`}
      fields={isPaid ? [{ name: "bank_reference", label: w.settlements.reference, hint: u.approve.closeOutHint, most: 100 }] : []}
      submit={isPaid ? u.approve.payNow : u.approve.agree}
      onSubmit={({ bank_reference = "" }) =>
        unwrap(
          closeOutsApi.admin["close-outs"][":closeOutId"].approve.$post(
            { param, json: { ...(isPaid && { bank_reference }), expected_amount_minor: closeOut.amount_minor } },
            approval,
          ),
        )
      }
      onDone={done}
      onClose={onClose}
    >
      <button type="button" className="button button-small button-no" onClick={() => setIsRejecting(true)}>
        {u.approve.no}
      </button>
    </FormSheet>
  );
}
