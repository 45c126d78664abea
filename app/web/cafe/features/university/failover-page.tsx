import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { Notice } from "../../../shared/ui/parts.tsx";
import { failoverApi } from "../../api.ts";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Form, FormSheet } from "../../ui/form.tsx";
import { Chip, ErrorNote, Figure, ListView, Loaded, Page, Sure } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";

const key = ["failover"];
const ask = (page: { readonly cursor?: string }) => unwrap(failoverApi.admin.failover.cases.$get({ query: { limit: 50, ...page } }));
type Case = Awaited<ReturnType<typeof ask>>["items"][number];
const tones = { open: "wait", agreed: "wait", reposted: "act", dismissed: "" } as const;

/** After a switch of regions: payments that only their receipts remember. One person agrees, another one posts them anew. */
export function FailoverPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const state = useQuery({ queryKey: [...key, "state"], queryFn: () => unwrap(failoverApi.admin.failover.$get()) });
  const cases = useList<Case>([...key, "cases"], ask);
  const [dismissed, setDismissed] = useState<Case>();
  const options = { onSettled: () => refresh(...key) };
  const agree = useMutation({
    mutationFn: (ids: string[]) => unwrap(failoverApi.admin.failover.agree.$post({ json: { case_ids: ids } })),
    ...options,
  });
  const repost = useMutation({ mutationFn: () => unwrap(failoverApi.admin.failover.repost.$post({})), ...options });
  const end = useMutation({ mutationFn: () => unwrap(failoverApi.admin.failover.end.$post({})), ...options });
  return (
    <Page title={w.nav.failover} what={u.failover.what}>
      <Loaded query={state} bones={1}>
        {({ epoch, region, reconciling, cases: counts }) => (
          <>
            <dl className="figures">
              <Figure label={u.failover.region} value={region} note={u.failover.epoch(epoch)} />
              <Figure label={u.failover.states.open} value={counts.open} />
              <Figure label={u.failover.states.agreed} value={counts.agreed} />
              <Figure label={u.failover.states.reposted} value={counts.reposted} />
            </dl>
            {reconciling ? (
              <Notice tone="wait" title={u.failover.running}>
                <div className="sheet-actions">
                  {counts.agreed > 0 && (
                    <Sure
                      label={u.failover.repost}
                      sure={u.failover.repostSure}
                      isPending={repost.isPending}
                      onSure={() => repost.mutate()}
                    />
                  )}
                  {counts.open + counts.agreed === 0 && (
                    <Sure label={u.failover.end} sure={u.failover.endSure} isPending={end.isPending} onSure={() => end.mutate()} />
                  )}
                </div>
              </Notice>
            ) : (
              <Notice tone="act" title={u.failover.quiet} />
            )}
          </>
        )}
      </Loaded>
      {repost.data && <Notice tone="tell" title={u.failover.reposted(repost.data.reposted, repost.data.refused.length)} />}
      <ErrorNote error={agree.error ?? repost.error ?? end.error} />
      <ListView
        list={cases}
        caption={w.nav.failover}
        keyOf={({ id }) => id}
        empty={{ title: u.failover.none, what: u.failover.noneWhat }}
        columns={[
          { label: w.app.order, cell: ({ order_number }) => <strong>{shortNumber(order_number)}</strong> },
          { label: w.app.when, cell: ({ paid_at }) => dayAndTime(paid_at) },
          { label: w.app.amount, isNumber: true, cell: ({ amount_minor, currency }) => money(amount_minor, currency) },
          {
            label: u.failover.proposal,
            cell: ({ proposal, obstacle }) => (
              <>
                {proposal ? u.failover.proposals[proposal] : "–"}{" "}
                {obstacle && (
                  <small className="soft" lang="en">
                    {obstacle}
                  </small>
                )}
              </>
            ),
          },
          {
            label: w.app.status,
            cell: ({ status, dismiss_asked_by }) => (
              <>
                <Chip tone={tones[status]}>{u.failover.states[status]}</Chip>
                {dismiss_asked_by && (status === "open" || status === "agreed") && (
                  <small className="soft">{u.failover.dismissAsked}</small>
                )}
              </>
            ),
          },
        ]}
        actions={(one) =>
          one.status === "open" || one.status === "agreed" ? (
            <>
              {one.status === "open" && one.proposal === "repost" && (
                <button type="button" className="button button-small" disabled={agree.isPending} onClick={() => agree.mutate([one.id])}>
                  {u.failover.agree}
                </button>
              )}
              <button type="button" className="button button-small button-second" onClick={() => setDismissed(one)}>
                {u.failover.dismiss}
              </button>
            </>
          ) : null
        }
      />
      <section className="card stack narrow-form">
        <h2>{u.failover.present}</h2>
        <Form
          fields={[{ name: "receipts", label: u.failover.receipts, kind: "area", hint: u.failover.receiptsHint, most: 100_000 }]}
          submit={u.failover.present}
          onSubmit={async ({ receipts = "" }) => {
            await unwrap(failoverApi.admin.failover.present.$post({ json: { receipts: receipts.split(/\s+/).filter(Boolean) } }));
            await refresh(...key);
          }}
        />
      </section>
      {dismissed && (
        <FormSheet
          title={u.failover.dismiss}
          fields={[{ name: "reason", label: w.app.reason, most: 200 }]}
          submit={u.failover.dismiss}
          tone="no"
          onSubmit={({ reason = "" }) =>
            unwrap(failoverApi.admin.failover.cases[":caseId"].dismiss.$post({ param: { caseId: dismissed.id }, json: { reason } }))
          }
          onDone={() => {
            setDismissed(undefined);
            void refresh(...key);
          }}
          onClose={() => setDismissed(undefined)}
        />
      )}
    </Page>
  );
}
