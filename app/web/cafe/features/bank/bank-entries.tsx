import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { errorOf, unwrap } from "../../../shared/api/request.ts";
import { calendarDay } from "../../../shared/money/dates.ts";
import { signed } from "../../../shared/money/money.ts";
import { staffFetch, useStaffSession } from "../../../shared/session/staff.ts";
import { Notice } from "../../../shared/ui/parts.tsx";
import { bankApi, intent } from "../../api.ts";
import { refresh, useList } from "../../queries.ts";
import { problemsOf } from "../../ui/form.tsx";
import { Chip, ErrorNote, ListView } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { ReturnSheet } from "./return-sheet.tsx";

const key = ["bank", "entries"];
const states = ["matched", "unmatched", "another_amount", "paid_twice", "to_return", "returned"] as const;
const ask = (query: { readonly cursor?: string; readonly state?: (typeof states)[number] }) =>
  unwrap(bankApi.admin["bank-entries"].$get({ query: { limit: 50, ...query } }));
type Entry = Awaited<ReturnType<typeof ask>>["items"][number];
const tones = {
  matched: "act",
  unmatched: "wait",
  another_amount: "no",
  paid_twice: "no",
  to_return: "wait",
  returned: "",
} as const satisfies Readonly<Record<Entry["state"], string>>;

export function BankEntries({ isFinance }: { readonly isFinance: boolean }) {
  const w = useWords();
  const u = useUniversityWords();
  const session = useStaffSession();
  const me = session.kind === "in" ? session.user.id : "";
  const [state, setState] = useState<Entry["state"]>();
  const [returned, setReturned] = useState<Entry>();
  const list = useList<Entry>([...key, state], (page) => ask({ ...page, ...(state === undefined ? {} : { state }) }));
  return (
    <>
      {isFinance && <SendStatement />}
      <h2>{u.bank.entries}</h2>
      <fieldset className="segments" aria-label={w.app.status}>
        <button type="button" aria-pressed={state === undefined} onClick={() => setState(undefined)}>
          {w.transactions.all}
        </button>
        {states.map((name) => (
          <button key={name} type="button" aria-pressed={state === name} onClick={() => setState(name)}>
            {u.bank.states[name]}
          </button>
        ))}
      </fieldset>
      {state !== undefined && <p className="soft">{u.bank.todo[state]}</p>}
      <ListView
        list={list}
        caption={u.bank.entries}
        keyOf={({ id }) => id}
        empty={state === undefined ? { title: u.bank.noEntries, what: u.bank.noEntriesWhat } : { title: u.bank.noneSuch }}
        columns={[
          { label: u.bank.booked, cell: ({ booked_on }) => <strong>{calendarDay(booked_on)}</strong> },
          {
            label: w.app.amount,
            isNumber: true,
            cell: ({ amount_minor, direction, currency }) => signed(direction === "out" ? -amount_minor : amount_minor, currency),
          },
          { label: u.credits.reference, cell: ({ reference, entry_ref }) => <code>{reference ?? entry_ref}</code> },
          { label: u.bank.payOut, cell: ({ pay_out_kind }) => (pay_out_kind === null ? "–" : u.bank.kinds[pay_out_kind]) },
          {
            label: w.app.status,
            cell: (entry) => (
              <>
                <Chip tone={tones[entry.state]}>{u.bank.states[entry.state]}</Chip>
                {entry.return_reason && <code className="soft small"> {entry.return_reason}</code>}
                {entry.return_asked_by && <small className="soft"> {u.bank.saidOnce}</small>}
              </>
            ),
          },
        ]}
        {...(isFinance
          ? {
              actions: (entry: Entry) =>
                entry.state === "to_return" &&
                entry.return_asked_by !== me && (
                  <button type="button" className="button button-small button-second" onClick={() => setReturned(entry)}>
                    {u.bank.giveBack}
                  </button>
                ),
            }
          : {})}
      />
      {returned && <ReturnSheet entry={returned} onClose={() => setReturned(undefined)} />}
    </>
  );
}

interface Imported {
  readonly statements: readonly {
    readonly id: string;
    readonly statement_id: string;
    readonly entries: number;
    readonly new_entries: number;
  }[];
}

function SendStatement() {
  const w = useWords();
  const u = useUniversityWords();
  const send = useMutation({
    mutationFn: async (file: File) => {
      const answer = await staffFetch("/api/v1/admin/bank-statements", {
        method: "POST",
        headers: { "Content-Type": "application/xml", ...intent().headers },
        body: file,
      });
      if (!answer.ok) throw await errorOf(answer);
      return (await answer.json()) as Imported;
    },
    onSuccess: () => refresh(...key),
  });
  const problem = problemsOf(send.error).body;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const file = new FormData(event.currentTarget).get("file");
    if (file instanceof File) send.mutate(file);
  };
  return (
    <form className="card stack narrow-form" onSubmit={submit} aria-label={u.bank.statement}>
      <label className="field">
        <span>{u.bank.statement}</span>
        <input className="input" type="file" name="file" accept=".xml,application/xml,text/xml" required />
        <small className={problem ? "problem" : ""}>{problem ? w.app.problem(problem) : u.bank.statementHint}</small>
      </label>
      <ErrorNote error={send.error} />
      {send.data?.statements.map(({ id, statement_id, entries, new_entries }) => (
        <Notice key={id} tone="act" title={u.bank.imported(statement_id, entries, new_entries)} />
      ))}
      <button type="submit" className="button" disabled={send.isPending}>
        {u.credits.send}
      </button>
    </form>
  );
}
