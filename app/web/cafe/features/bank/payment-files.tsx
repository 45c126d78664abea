import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, unwrap } from "../../../shared/api/request.ts";
import { calendarDay } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import { bankApi, closeOutsApi, intent, settlementsApi } from "../../api.ts";
import { type ListPage, refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { problemsOf } from "../../ui/form.tsx";
import { ErrorNote, ListView, Loaded, Table } from "../../ui/parts.tsx";
import { saveAnswer } from "../../ui/save.ts";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import type { Settlement } from "../money/settlements-page.tsx";
import { isAgreed } from "../university/agreed.ts";

const key = ["bank", "files"];
const ask = (page: { readonly cursor?: string }) => unwrap(bankApi.admin["payment-files"].$get({ query: { limit: 30, ...page } }));
type PaymentFile = Awaited<ReturnType<typeof ask>>["items"][number];

interface Due {
  readonly id: string;
  readonly isCloseOut: boolean;
  readonly to: string;
  /** A settlement's. */
  readonly day?: string;
  readonly amountMinor: number;
  readonly currency: string;
}

const nameOf = ({ to, day }: Due): string => (day === undefined ? to : `${to} · ${calendarDay(day)}`);

/** What may stand in a file: settlements that are due, and close-outs that the first of two people agreed to, with no money in since. */
async function readDue(): Promise<readonly Due[]> {
  const [settlements, closeOuts] = await Promise.all([
    unwrap(settlementsApi.admin.settlements.$get({ query: { status: "due", limit: 100 } })) as Promise<ListPage<Settlement>>,
    unwrap(closeOutsApi.admin["close-outs"].$get({ query: { status: "agreed", limit: 100 } })),
  ]);
  return [
    ...settlements.items.map(({ id, cafe_name, day, payable_minor, currency }) => ({
      id,
      isCloseOut: false,
      to: cafe_name,
      day,
      amountMinor: payable_minor,
      currency,
    })),
    ...closeOuts.items.filter(isAgreed).map(({ id, pay_to, amount_minor, currency }) => ({
      id,
      isCloseOut: true,
      to: pay_to,
      amountMinor: amount_minor,
      currency,
    })),
  ];
}

export function PaymentFiles({ isFinance }: { readonly isFinance: boolean }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const list = useList<PaymentFile>(key, ask);
  const save = useMutation({
    mutationFn: (paymentFileId: string) =>
      saveAnswer(bankApi.admin["payment-files"][":paymentFileId"].file.$get({ param: { paymentFileId } }), `pain001-${paymentFileId}.xml`),
  });
  return (
    <>
      {isFinance && <MakeFile />}
      <h2>{u.bank.files}</h2>
      <ErrorNote error={save.error} />
      <ListView
        list={list}
        caption={u.bank.files}
        keyOf={({ id }) => id}
        empty={{ title: u.bank.noFiles, what: u.bank.noFilesWhat }}
        columns={[
          { label: u.bank.day, cell: ({ execution_day }) => <strong>{calendarDay(execution_day)}</strong> },
          { label: u.bank.payments, isNumber: true, cell: ({ payments_count }) => payments_count },
          { label: w.app.total, isNumber: true, cell: ({ total_minor, currency }) => <strong>{money(total_minor, currency)}</strong> },
          { label: w.app.when, cell: ({ created_at }) => dayAndTime(created_at) },
        ]}
        {...(isFinance
          ? {
              actions: ({ id }: PaymentFile) => (
                <button
                  type="button"
                  className="button button-small button-second"
                  disabled={save.isPending}
                  onClick={() => save.mutate(id)}
                >
                  {u.bank.download}
                </button>
              ),
            }
          : {})}
      />
    </>
  );
}

function MakeFile() {
  const u = useUniversityWords();
  const due = useQuery({ queryKey: ["bank", "due"], queryFn: readDue });
  return (
    <section className="card stack" aria-labelledby="make-file">
      <h2 id="make-file">{u.bank.make}</h2>
      <p className="soft">{u.bank.makeWhat}</p>
      <Loaded query={due}>
        {(items) => (items.length === 0 ? <p className="quiet-empty">{u.bank.nothingDue}</p> : <DueForm due={items} />)}
      </Loaded>
    </section>
  );
}

/** All of a file or nothing: which of many stood in its way. */
const isOf = (error: unknown, id: string): boolean =>
  error instanceof ApiError && (error.details.settlement_id === id || error.details.close_out_id === id);

function DueForm({ due }: { readonly due: readonly Due[] }) {
  const w = useWords();
  const u = useUniversityWords();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // One key for one choice: the same file sent for again is the same request.
  const [key, setKey] = useState(intent);
  const taken = due.filter(({ id }) => chosen.has(id));
  const totalMinor = taken.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const make = useMutation({
    mutationFn: (executionDay: string) =>
      unwrap(
        bankApi.admin["payment-files"].$post(
          {
            json: {
              execution_day: executionDay,
              settlement_ids: taken.filter(({ isCloseOut }) => !isCloseOut).map(({ id }) => id),
              close_outs: taken
                .filter(({ isCloseOut }) => isCloseOut)
                .map(({ id, amountMinor }) => ({ id, expected_amount_minor: amountMinor })),
            },
          },
          key,
        ),
      ),
    onSuccess: () => setChosen(new Set()),
    onSettled: () => Promise.all([refresh("bank"), refresh("settlements"), refresh("approve")]),
  });
  const refused = due.find(({ id }) => isOf(make.error, id));
  const dayProblem = problemsOf(make.error).execution_day;
  const choose = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
    setKey(intent());
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    make.mutate(String(new FormData(event.currentTarget).get("day")));
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Table
        caption={u.bank.make}
        rows={due}
        keyOf={({ id }) => id}
        columns={[
          {
            label: u.bank.payTo,
            cell: (due) => (
              <label className="check">
                <input type="checkbox" checked={chosen.has(due.id)} onChange={() => choose(due.id)} />
                <span>
                  {nameOf(due)}
                  <small>{due.isCloseOut ? u.approve.closeOut : u.bank.settlement}</small>
                </span>
              </label>
            ),
          },
          { label: w.app.amount, isNumber: true, cell: ({ amountMinor, currency }) => money(amountMinor, currency) },
        ]}
      />
      <label className="field narrow-form">
        <span>{u.bank.day}</span>
        <input
          className="input"
          type="date"
          name="day"
          required
          defaultValue={new Intl.DateTimeFormat("sv-SE").format()}
          onChange={() => setKey(intent())}
        />
        {dayProblem && <small className="problem">{w.app.problem(dayProblem)}</small>}
      </label>
      <ErrorNote error={make.error} />
      {refused && <p className="problem">{nameOf(refused)}</p>}
      <button type="submit" className="button" disabled={taken.length === 0 || make.isPending}>
        {taken.length === 0 ? u.bank.choose : u.bank.makeOf(taken.length, money(totalMinor, taken[0]?.currency ?? "SEK"))}
      </button>
    </form>
  );
}
