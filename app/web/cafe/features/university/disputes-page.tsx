import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { debtsApi, disputesApi, intent, refundCasesApi } from "../../api.ts";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { FormSheet } from "../../ui/form.tsx";
import { Chip, ErrorNote, ListView, Page } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { DisputeSheet, disputesKey, disputeTones } from "./dispute-sheet.tsx";
import { WhoPaid } from "./who-paid.tsx";

const ask = {
  disputes: (page: { readonly cursor?: string }) => unwrap(disputesApi.admin.disputes.$get({ query: { limit: 30, ...page } })),
  outside: (page: { readonly cursor?: string }) => unwrap(refundCasesApi.admin["outside-refunds"].$get({ query: { limit: 30, ...page } })),
  held: () => unwrap(refundCasesApi.admin["held-refunds"].$get()),
  debts: () => unwrap(debtsApi.admin.debts.$get()),
};
type Dispute = Awaited<ReturnType<typeof ask.disputes>>["items"][number];
type Outside = Awaited<ReturnType<typeof ask.outside>>["items"][number];
type Held = Awaited<ReturnType<typeof ask.held>>["items"][number];
type Debt = Awaited<ReturnType<typeof ask.debts>>["items"][number];

/** What a bank or a gateway asks of the university's money, and who owes it something. */
export function DisputesPage() {
  const w = useWords();
  const session = useStaffSession();
  const isFinance = session.kind === "in" && session.user.role === "finance";
  return (
    <Page title={w.nav.disputes}>
      <Disputes />
      <OutsideRefunds isFinance={isFinance} />
      <HeldRefunds isFinance={isFinance} />
      <Debts />
    </Page>
  );
}

function Disputes() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const list = useList<Dispute>(disputesKey, ask.disputes);
  const [shown, setShown] = useState<string>();
  return (
    <section className="stack">
      <h2>{u.disputes.title}</h2>
      <ListView
        list={list}
        isPart
        caption={u.disputes.title}
        keyOf={({ id }) => id}
        empty={{ title: u.disputes.none, what: u.disputes.noneWhat }}
        columns={[
          { label: w.app.amount, isNumber: true, cell: ({ amount_minor, currency }) => <strong>{money(amount_minor, currency)}</strong> },
          { label: w.app.student, cell: (dispute) => <WhoPaid student={dispute} /> },
          { label: w.app.reason, cell: ({ reason }) => <span lang="en">{reason.replaceAll("_", " ")}</span> },
          {
            label: u.disputes.respondBy,
            cell: ({ respond_by, is_overdue }) => (is_overdue ? <Chip tone="no">{dayAndTime(respond_by)}</Chip> : dayAndTime(respond_by)),
          },
          {
            label: w.app.status,
            cell: ({ status, accept_asked_by }) => (
              <>
                <Chip tone={disputeTones[status]}>{u.disputes.states[status]}</Chip>
                {accept_asked_by && status === "open" && <small className="soft">{u.disputes.acceptAsked}</small>}
              </>
            ),
          },
        ]}
        actions={({ id }) => (
          <button type="button" className="button button-small button-second" onClick={() => setShown(id)}>
            {u.approve.look}
          </button>
        )}
      />
      {shown && <DisputeSheet disputeId={shown} onClose={() => setShown(undefined)} />}
    </section>
  );
}

const bearers = ["university", "cafe", "student"] as const;

function OutsideRefunds({ isFinance }: { readonly isFinance: boolean }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const key = ["outside refunds"];
  const list = useList<Outside>(key, ask.outside);
  const [decided, setDecided] = useState<Outside>();
  const decision = useRef(intent());
  return (
    <section className="stack">
      <h2>{u.disputes.outside}</h2>
      <ListView
        list={list}
        isPart
        caption={u.disputes.outside}
        keyOf={({ id }) => id}
        empty={{ title: u.disputes.outsideNone, what: u.disputes.outsideWhat }}
        columns={[
          { label: w.app.when, cell: ({ created_at }) => dayAndTime(created_at) },
          { label: w.app.amount, isNumber: true, cell: ({ amount_minor, currency }) => <strong>{money(amount_minor, currency)}</strong> },
          { label: u.disputes.payment, cell: ({ payment_id }) => <code>{payment_id}</code> },
          {
            label: w.app.status,
            cell: ({ status, borne_by, bearer_asked }) =>
              borne_by ? (
                <Chip tone="act">{u.disputes.bearers[borne_by]}</Chip>
              ) : (
                <>
                  <Chip tone="wait">{u.disputes.outsideStates[status]}</Chip>
                  {bearer_asked && status === "open" && (
                    <small className="soft">{u.disputes.bearerAsked(u.disputes.bearers[bearer_asked])}</small>
                  )}
                </>
              ),
          },
        ]}
        actions={(refund) =>
          isFinance && refund.status === "open" ? (
            <button type="button" className="button button-small button-second" onClick={() => setDecided(refund)}>
              {u.disputes.decide}
            </button>
          ) : null
        }
      />
      {decided && (
        <FormSheet
          title={u.disputes.whoBears(money(decided.amount_minor, decided.currency))}
          fields={[
            {
              name: "borne_by",
              label: u.disputes.decide,
              options: bearers.map((bearer) => ({ value: bearer, label: u.disputes.bearers[bearer] })),
            },
            { name: "reason", label: w.app.reason, most: 200 },
          ]}
          submit={w.app.save}
          onSubmit={({ borne_by, reason = "" }) =>
            unwrap(
              refundCasesApi.admin["outside-refunds"][":id"].bear.$post(
                { param: { id: decided.id }, json: { borne_by: borne_by as "cafe", reason } },
                decision.current,
              ),
            )
          }
          onDone={() => {
            decision.current = intent();
            setDecided(undefined);
            void refresh(...key);
          }}
          onClose={() => setDecided(undefined)}
        />
      )}
    </section>
  );
}

function HeldRefunds({ isFinance }: { readonly isFinance: boolean }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const key = ["held refunds"];
  const list = useList<Held>(key, ask.held);
  const again = useMutation({
    mutationFn: (id: string) => unwrap(refundCasesApi.admin["held-refunds"][":id"].retry.$post({ param: { id } }, intent())),
    onSettled: () => refresh(...key),
  });
  return (
    <section className="stack">
      <h2>{u.disputes.held}</h2>
      <ErrorNote error={again.error} />
      <ListView
        list={list}
        isPart
        caption={u.disputes.held}
        keyOf={({ id }) => id}
        empty={{ title: u.disputes.heldNone }}
        columns={[
          { label: w.app.when, cell: ({ created_at }) => dayAndTime(created_at) },
          { label: w.app.amount, isNumber: true, cell: ({ amount_minor, currency }) => <strong>{money(amount_minor, currency)}</strong> },
          { label: u.disputes.payment, cell: ({ payment_id }) => <code>{payment_id}</code> },
        ]}
        actions={({ id }) =>
          isFinance ? (
            <button type="button" className="button button-small button-second" disabled={again.isPending} onClick={() => again.mutate(id)}>
              {u.disputes.retry}
            </button>
          ) : null
        }
      />
    </section>
  );
}

function Debts() {
  const w = useWords();
  const u = useUniversityWords();
  const key = ["debts"];
  const list = useList<Debt>(key, ask.debts);
  const [written, setWritten] = useState<Debt>();
  const request = useRef(intent());
  return (
    <section className="stack">
      <h2>{u.disputes.debts}</h2>
      <ListView
        list={list}
        isPart
        caption={u.disputes.debts}
        keyOf={({ student_id }) => student_id}
        empty={{ title: u.disputes.debtsNone }}
        columns={[
          { label: w.app.student, cell: (debt) => <WhoPaid student={debt} /> },
          { label: w.app.amount, isNumber: true, cell: ({ owed_minor, currency }) => <strong>{money(owed_minor, currency)}</strong> },
        ]}
        actions={(debt) => (
          <button type="button" className="button button-small button-second" onClick={() => setWritten(debt)}>
            {u.disputes.writeOff}
          </button>
        )}
      />
      {written && (
        <FormSheet
          title={u.disputes.writeOff}
          what={u.adjustments.askWhat}
          fields={[{ name: "reason", label: w.app.reason, most: 200 }]}
          submit={u.adjustments.send}
          onSubmit={({ reason = "" }) =>
            unwrap(
              debtsApi.admin.debts[":studentId"]["write-off"].$post(
                { param: { studentId: written.student_id }, json: { reason } },
                request.current,
              ),
            )
          }
          onDone={() => {
            request.current = intent();
            setWritten(undefined);
            void refresh(...key);
          }}
          onClose={() => setWritten(undefined)}
        />
      )}
    </section>
  );
}
