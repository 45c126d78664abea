import { useState } from "react";
import { type JsonOf, unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { notesApi } from "../../api.ts";
import { type ListPage, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { ListView } from "../../ui/parts.tsx";
import { useLater } from "../../ui/search-field.tsx";
import { useWords } from "../../words/words.ts";

/** What another system calls it: a reference, or the value of a key. */
export interface Noted {
  readonly reference: string;
  readonly key: string;
  readonly value: string;
}

export const asksForNote = ({ reference, key, value }: Noted): boolean => reference !== "" || (key !== "" && value !== "");

export function useNoteSearch() {
  const [typed, setTyped] = useState<Noted>({ reference: "", key: "", value: "" });
  const asked: Noted = { reference: useLater(typed.reference), key: useLater(typed.key), value: useLater(typed.value) };
  return { typed, setTyped, asked };
}

interface FieldsProps {
  readonly typed: Noted;
  readonly onType: (noted: Noted) => void;
}

export function NoteFields({ typed, onType }: FieldsProps) {
  const { transactions: t } = useWords();
  const fields = [
    { name: "reference", label: t.reference, most: 64 },
    { name: "key", label: t.key, most: 40 },
    { name: "value", label: t.value, most: 200 },
  ] as const;
  return (
    <details className="card">
      <summary>{t.find}</summary>
      <p className="soft">{t.findWhat}</p>
      <div className="filters">
        {fields.map(({ name, label, most }) => (
          <label key={name} className="period-day">
            <span>{label}</span>
            <input
              className="input"
              maxLength={most}
              autoComplete="off"
              spellCheck={false}
              value={typed[name]}
              onChange={({ target }) => onType({ ...typed, [name]: target.value })}
            />
          </label>
        ))}
      </div>
    </details>
  );
}

type Query = Parameters<typeof notesApi.admin.ledger.transactions.$get>[0]["query"];
const ask = (query: Query) => notesApi.admin.ledger.transactions.$get({ query });
type Found = JsonOf<typeof ask>["items"][number];

const queryOf = ({ reference, key, value }: Noted): Query =>
  ({ limit: 50, ...(reference && { reference }), ...(key && value && { [`metadata[${key}]`]: value }) }) as Query;

/** Of every kind: sales, refunds, top-ups, corrections. */
export function FoundTransactions({ asked }: { readonly asked: Noted }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const list = useList<Found>(
    ["transactions", "noted", asked],
    (page) => unwrap(ask({ ...queryOf(asked), ...page })) as Promise<ListPage<Found>>,
  );
  return (
    <ListView
      list={list}
      caption={w.transactions.find}
      keyOf={({ id }) => id}
      empty={{ title: w.transactions.noneFound, what: w.transactions.findWhat }}
      columns={[
        { label: w.app.when, cell: ({ at }) => dayAndTime(at) },
        { label: w.transactions.kind, cell: ({ kind }) => w.transactions.kinds[kind] ?? kind },
        { label: w.transactions.reference, cell: ({ reference }) => <strong>{reference ?? "–"}</strong> },
        {
          label: w.transactions.value,
          cell: ({ metadata }) =>
            Object.entries(metadata)
              .map(([key, value]) => `${key}: ${value}`)
              .join(" · ") || "–",
        },
        { label: w.app.amount, isNumber: true, cell: ({ amount_minor, currency }) => money(amount_minor, currency) },
      ]}
    />
  );
}
