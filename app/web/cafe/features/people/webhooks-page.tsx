import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { webhooksApi } from "../../api.ts";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { FormSheet } from "../../ui/form.tsx";
import { Chip, CopyButton, ErrorNote, ListView, Page, Sure } from "../../ui/parts.tsx";
import { useOwnerWords } from "../../words/owner.ts";
import { useWords } from "../../words/words.ts";

const key = ["webhooks"];
const ask = () => unwrap(webhooksApi.admin.webhooks.$get());
type Endpoint = Awaited<ReturnType<typeof ask>>["items"][number];

/** The café's own systems, told of each order: signed, repeated until they answer, sent again by hand. */
export function WebhooksPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const o = useOwnerWords();
  const endpoints = useList<Endpoint>(key, ask);
  const [isAdding, setIsAdding] = useState(false);
  const [secret, setSecret] = useState<string>();
  const [shown, setShown] = useState<Endpoint>();
  const remove = useMutation({
    mutationFn: (endpointId: string) => unwrap(webhooksApi.admin.webhooks[":endpointId"].$delete({ param: { endpointId } })),
    onSettled: () => refresh(...key),
  });
  const add = (
    <button type="button" className="button button-small" onClick={() => setIsAdding(true)}>
      {o.webhooks.add}
    </button>
  );
  return (
    <Page title={w.nav.webhooks} what={o.webhooks.what} actions={add}>
      <ErrorNote error={remove.error} />
      <ListView
        list={endpoints}
        caption={w.nav.webhooks}
        keyOf={({ id }) => id}
        empty={{ title: o.webhooks.none, what: o.webhooks.noneWhat, action: add }}
        columns={[
          { label: o.webhooks.address, cell: ({ url }) => <span className="break">{url}</span> },
          { label: o.webhooks.money, cell: ({ money }) => (money ? w.app.yes : w.app.no) },
          { label: w.app.when, cell: ({ created_at }) => dayAndTime(created_at) },
        ]}
        actions={(endpoint) => (
          <>
            <button type="button" className="button button-small button-second" onClick={() => setShown(endpoint)}>
              {o.webhooks.deliveries}
            </button>
            <Sure label={w.app.remove} sure={o.webhooks.removeSure} onSure={() => remove.mutate(endpoint.id)} />
          </>
        )}
      />
      {isAdding && (
        <FormSheet
          title={o.webhooks.add}
          fields={[
            { name: "url", label: o.webhooks.address, kind: "url", hint: o.webhooks.addressHint, most: 500 },
            { name: "money", label: o.webhooks.money, kind: "check", hint: o.webhooks.moneyHint },
          ]}
          submit={w.app.add}
          onSubmit={async ({ url = "", money }) => {
            const { secret: made } = await unwrap(webhooksApi.admin.webhooks.$post({ json: { url, money: money === "true" } }));
            setSecret(made);
            void refresh(...key);
          }}
          onClose={() => setIsAdding(false)}
        />
      )}
      {secret && (
        <Sheet title={o.webhooks.secret} closeLabel={w.app.close} onClose={() => setSecret(undefined)}>
          <h2 className="sheet-title">{o.webhooks.secret}</h2>
          <p>{o.webhooks.secretWhat}</p>
          <code className="secret">{secret}</code>
          <CopyButton text={secret} label={w.app.copy} />
        </Sheet>
      )}
      {shown && <Deliveries endpoint={shown} onClose={() => setShown(undefined)} />}
    </Page>
  );
}

function Deliveries({ endpoint, onClose }: { readonly endpoint: Endpoint; readonly onClose: () => void }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const o = useOwnerWords();
  const param = { endpointId: endpoint.id };
  const deliveriesKey = ["webhooks", endpoint.id];
  const list = useList(deliveriesKey, (page) =>
    unwrap(webhooksApi.admin.webhooks[":endpointId"].deliveries.$get({ param, query: { limit: 20, ...page } })),
  );
  const test = useMutation({
    mutationFn: () => unwrap(webhooksApi.admin.webhooks[":endpointId"].test.$post({ param })),
    onSettled: () => refresh(...deliveriesKey),
  });
  const again = useMutation({
    mutationFn: (deliveryId: string) =>
      unwrap(webhooksApi.admin.webhooks[":endpointId"].deliveries[":deliveryId"].redeliver.$post({ param: { ...param, deliveryId } })),
    onSettled: () => refresh(...deliveriesKey),
  });
  return (
    <Sheet title={o.webhooks.deliveries} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title break">{endpoint.url}</h2>
      <div className="row">
        <button type="button" className="button button-small" disabled={test.isPending} onClick={() => test.mutate()}>
          {o.webhooks.test}
        </button>
        <button type="button" className="button button-small button-words" onClick={() => void list.refetch()}>
          {o.webhooks.look}
        </button>
      </div>
      <ErrorNote error={test.error ?? again.error} />
      <ListView
        list={list}
        caption={o.webhooks.deliveries}
        keyOf={({ id }) => id}
        empty={{ title: o.webhooks.noDelivery }}
        columns={[
          { label: o.webhooks.event, cell: ({ event }) => event },
          {
            label: w.app.status,
            cell: ({ state, last_status, tries }) => (
              <>
                <Chip tone={state === "delivered" ? "act" : state === "dead" ? "no" : "wait"}>{o.webhooks.states[state]}</Chip>{" "}
                <span className="soft small">
                  {last_status ?? ""} {o.webhooks.tries(tries)}
                </span>
              </>
            ),
          },
          { label: w.app.when, cell: ({ created_at }) => dayAndTime(created_at) },
        ]}
        actions={({ id, state }) =>
          state === "waiting" ? null : (
            <button type="button" className="button button-small button-words" onClick={() => again.mutate(id)}>
              {o.webhooks.again}
            </button>
          )
        }
      />
    </Sheet>
  );
}
