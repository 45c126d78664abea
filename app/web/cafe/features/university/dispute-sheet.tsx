import { useMutation, useQuery } from "@tanstack/react-query";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { disputesApi } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Form } from "../../ui/form.tsx";
import { Chip, ErrorNote, Loaded, Sure } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { WhoPaid } from "./who-paid.tsx";

export const disputesKey = ["disputes"];
export const disputeTones = { open: "wait", contested: "wait", accepted: "", won: "act", lost: "no" } as const;
const leastEvidence = 20;

const readCase = (disputeId: string) => unwrap(disputesApi.admin.disputes[":disputeId"].$get({ param: { disputeId } }));
type DisputeCase = Awaited<ReturnType<typeof readCase>>;

/** All that somebody needs who answers the bank: whose money, for what, and what happened when. */
export function DisputeSheet({ disputeId, onClose }: { readonly disputeId: string; readonly onClose: () => void }) {
  const w = useWords();
  const u = useUniversityWords();
  const dispute = useQuery({ queryKey: [...disputesKey, "one", disputeId], queryFn: () => readCase(disputeId) });
  return (
    <Sheet title={u.disputes.one} closeLabel={w.app.close} onClose={onClose}>
      <Loaded query={dispute}>{(found) => <Case dispute={found} onClose={onClose} />}</Loaded>
    </Sheet>
  );
}

function Case({ dispute, onClose }: { readonly dispute: DisputeCase; readonly onClose: () => void }) {
  const w = useWords();
  const u = useUniversityWords();
  const { dayAndTime } = useDates();
  const amount = money(dispute.amount_minor, dispute.currency);
  return (
    <>
      <h2 className="sheet-title">{u.disputes.of(amount)}</h2>
      <p className="row">
        <Chip tone={dispute.is_overdue ? "no" : disputeTones[dispute.status]}>{u.disputes.states[dispute.status]}</Chip>
        <span>
          {u.disputes.respondBy} {dayAndTime(dispute.respond_by)}
        </span>
      </p>
      <dl className="facts">
        <dt>{w.app.student}</dt>
        <dd>
          <WhoPaid student={dispute} />
        </dd>
        <dt>{dispute.order ? w.app.order : u.disputes.topUp}</dt>
        <dd>
          {dispute.order ? `${dispute.order.cafe_name} · ${dispute.order.order_number} · ${dispute.order.items}` : u.disputes.topUpWhat}
        </dd>
        <dt>{w.app.reason}</dt>
        <dd lang="en">{dispute.reason.replaceAll("_", " ")}</dd>
        {dispute.evidence && (
          <>
            <dt>{u.disputes.evidence}</dt>
            <dd className="lines-kept">{dispute.evidence}</dd>
          </>
        )}
      </dl>
      <h3>{u.disputes.timeline}</h3>
      <ol className="happened">
        {dispute.timeline.map(({ at, event, amount_minor }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what happened never moves.
          <li key={index} className="row-between">
            <span>
              {u.disputes.events[event] ?? event}
              {amount_minor !== null && ` · ${money(amount_minor, dispute.currency)}`}
            </span>
            <span className="soft small in-one-line">{dayAndTime(at)}</span>
          </li>
        ))}
      </ol>
      {dispute.status === "open" && <Answer dispute={dispute} amount={amount} onDone={onClose} />}
    </>
  );
}

interface AnswerProps {
  readonly dispute: DisputeCase;
  readonly amount: string;
  readonly onDone: () => void;
}

/** One of the two, and each is asked once more with the amount in it. Past its day the bank hears nothing but yes. */
function Answer({ dispute, amount, onDone }: AnswerProps) {
  const u = useUniversityWords();
  const param = { disputeId: dispute.id };
  const settled = () => refresh(...disputesKey);
  const accept = useMutation({
    mutationFn: () => unwrap(disputesApi.admin.disputes[":disputeId"].accept.$post({ param })),
    onSettled: settled,
    onSuccess: onDone,
  });
  return (
    <>
      {dispute.is_overdue ? (
        <p className="soft">{u.disputes.overdue}</p>
      ) : (
        <Form
          fields={[
            {
              name: "evidence",
              label: u.disputes.evidence,
              kind: "area",
              hint: u.disputes.evidenceHint,
              least: leastEvidence,
              most: 2_000,
            },
          ]}
          submit={u.disputes.contest}
          sure={u.disputes.contestSure(amount)}
          // A form sends the ends of lines as Windows writes them.
          onSubmit={({ evidence = "" }) =>
            unwrap(
              disputesApi.admin.disputes[":disputeId"].respond.$post({ param, json: { evidence: evidence.replaceAll("\r\n", "\n") } }),
            ).finally(settled)
          }
          onDone={onDone}
        />
      )}
      <ErrorNote error={accept.error} />
      <div className="sheet-actions">
        <Sure label={u.disputes.accept} sure={u.disputes.acceptSure(amount)} isPending={accept.isPending} onSure={() => accept.mutate()} />
      </div>
    </>
  );
}
