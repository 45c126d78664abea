import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type JsonOf, unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { transactionsApi } from "../../api.ts";
import { Go, useQuestion } from "../../link.tsx";
import { type ListPage, refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Chip, ErrorNote, ListView, Loaded, Page } from "../../ui/parts.tsx";
import { MonthChoice } from "../../ui/period.tsx";
import { saveAnswer } from "../../ui/save.ts";
import { SearchField, useLater } from "../../ui/search-field.tsx";
import { useWords } from "../../words/words.ts";
import { RefundForm } from "../board/refund-form.tsx";
import { asksForNote, FoundTransactions, NoteFields, useNoteSearch } from "./found-transactions.tsx";

type Query = Parameters<typeof transactionsApi.admin.transactions.$get>[0]["query"];
const ask = (query: Query) => transactionsApi.admin.transactions.$get({ query });
type Transaction = JsonOf<typeof ask>["items"][number];

/** What was paid, order by order, with what was given back. */
export function TransactionsPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const session = useStaffSession();
  const ofAll = session.kind === "in" && session.user.cafe_id === null;
  const studentId = useQuestion("student");
  const studentName = useQuestion("name");
  const [search, setSearch] = useState("");
  const [day, setDay] = useState("");
  const [month, setMonth] = useState("");
  const [method, setMethod] = useState<NonNullable<Query["method"]> | "">("");
  const [shown, setShown] = useState<Transaction>();
  const noted = useNoteSearch();
  const mayFind = session.kind === "in" && session.user.role !== "admin";
  const asked = useLater(search);
  const filter: Query = {
    ...(asked && { search: asked }),
    ...(day && { day }),
    ...(month && { month }),
    ...(method && { method }),
    ...(studentId && { student_id: studentId }),
  };
  const list = useList<Transaction>(
    ["transactions", filter],
    (page) => unwrap(ask({ limit: 50, ...filter, ...page })) as Promise<ListPage<Transaction>>,
  );
  // One of the two: a day lies in its month, or in none.
  const chooseDay = (next: string) => {
    setDay(next);
    setMonth("");
  };
  const chooseMonth = (next: string) => {
    setMonth(next);
    setDay("");
  };
  const csv = useMutation({
    mutationFn: () => saveAnswer(ask({ ...filter, format: "csv", amounts: "major" }), `transactions-${day || month || "all"}.csv`),
  });
  return (
    <Page
      title={w.nav.transactions}
      actions={
        <button type="button" className="button button-small button-second" disabled={csv.isPending} onClick={() => csv.mutate()}>
          {w.app.csv}
        </button>
      }
    >
      <div className="filters">
        <SearchField value={search} onChange={setSearch} label={ofAll ? w.transactions.searchStudents : w.transactions.search} />
        <label className="period-day">
          <span>{w.reports.day}</span>
          <input className="input" type="date" value={day} onChange={({ target }) => chooseDay(target.value)} />
        </label>
        <MonthChoice label={w.period.month} none={w.transactions.all} month={month} onChange={chooseMonth} />
        <label className="period-day">
          <span>{w.transactions.method}</span>
          <select className="input" value={method} onChange={({ target }) => setMethod(target.value as typeof method)}>
            <option value="">{w.transactions.all}</option>
            {Object.entries(w.methods).map(([name, called]) => (
              <option key={name} value={name}>
                {called}
              </option>
            ))}
          </select>
        </label>
      </div>
      {mayFind && <NoteFields typed={noted.typed} onType={noted.setTyped} />}
      {studentId && (
        <p className="row-between">
          <strong>{w.transactions.ofStudent(studentName ?? studentId)}</strong>
          <Go to="/transactions" className="button button-small button-second">
            {w.transactions.ofEverybody}
          </Go>
        </p>
      )}
      <ErrorNote error={csv.error} />
      {asksForNote(noted.asked) ? (
        <FoundTransactions asked={noted.asked} />
      ) : (
        <ListView
          list={list}
          caption={w.nav.transactions}
          keyOf={({ id }) => id}
          empty={{ title: w.transactions.none, what: w.transactions.noneWhat }}
          columns={[
            { label: w.app.when, cell: ({ paid_at }) => dayAndTime(paid_at) },
            { label: w.app.order, cell: ({ order_number }) => <strong>{shortNumber(order_number)}</strong> },
            ...(ofAll ? [{ label: w.app.cafe, cell: ({ cafe_name }: Transaction) => cafe_name }] : []),
            { label: w.app.student, cell: ({ student_label }) => student_label ?? "–" },
            { label: w.transactions.method, cell: ({ payment_method }) => w.methods[payment_method] },
            {
              label: w.app.amount,
              isNumber: true,
              cell: ({ amount_minor, refunded_minor, currency }) => (
                <>
                  <strong>{money(amount_minor, currency)}</strong>
                  {refunded_minor > 0 && (
                    <div>
                      <Chip tone="wait">− {money(refunded_minor, currency)}</Chip>
                    </div>
                  )}
                </>
              ),
            },
          ]}
          actions={(transaction) => (
            <button type="button" className="button button-small button-words" onClick={() => setShown(transaction)}>
              {w.transactions.show}
            </button>
          )}
        />
      )}
      {shown && <TransactionSheet transaction={shown} onClose={() => setShown(undefined)} />}
    </Page>
  );
}

function TransactionSheet({ transaction, onClose }: { readonly transaction: Transaction; readonly onClose: () => void }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const session = useStaffSession();
  const isOwner = session.kind === "in" && session.user.role === "owner";
  const query = useQuery({
    queryKey: ["transactions", "one", transaction.id],
    queryFn: () =>
      unwrap(transactionsApi.admin.transactions[":transactionId"].$get({ param: { transactionId: transaction.id }, query: {} })),
  });
  return (
    <Sheet title={transaction.order_number} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">{transaction.order_number}</h2>
      <Loaded query={query} bones={2}>
        {({ items, refunds, student, amount_minor, delivery_charge_minor, currency, paid_at, cafe_name, reference }) => (
          <>
            <p className="soft">
              {cafe_name} · {dayAndTime(paid_at)} · {w.methods[transaction.payment_method]}
            </p>
            {student && <Payer student={student} />}
            {reference && (
              <p>
                {w.transactions.reference}: <strong>{reference}</strong>
              </p>
            )}
            <ul className="lines">
              {items.map((item, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines never move.
                <li key={index}>
                  <strong>{item.quantity}×</strong>
                  <span>{item.item_name}</span>
                  <span>{money(item.line_total_minor, currency)}</span>
                </li>
              ))}
              {delivery_charge_minor > 0 && (
                <li>
                  <span />
                  <span>{w.board.delivery}</span>
                  <span>{money(delivery_charge_minor, currency)}</span>
                </li>
              )}
            </ul>
            <p className="row-between">
              <strong>{w.app.total}</strong>
              <strong>{money(amount_minor, currency)}</strong>
            </p>
            {isOwner && transaction.payment_method !== "cash" && transaction.student_label !== null && <Refund transaction={transaction} />}
            {refunds.map((refund) => (
              <p key={refund.id} className="row-between">
                <span>
                  {w.board.payment.refunded}: {refund.reason} <span className="soft small">{dayAndTime(refund.created_at)}</span>
                </span>
                <strong>− {money(refund.amount_minor, currency)}</strong>
              </p>
            ))}
          </>
        )}
      </Loaded>
    </Sheet>
  );
}

type Detail = JsonOf<(typeof transactionsApi.admin.transactions)[":transactionId"]["$get"]>;

/** Only an admin has a page of the student; finance reads who it was. */
function Payer({ student }: { readonly student: NonNullable<Detail["student"]> }) {
  const w = useWords();
  const session = useStaffSession();
  const isAdmin = session.kind === "in" && session.user.role === "admin";
  const name = student.name ?? student.phone;
  return (
    <p>
      {w.app.student}:{" "}
      {isAdmin ? (
        <Go to={`/students/${student.id}`} className="who-link">
          {name}
        </Go>
      ) : (
        <strong>{name}</strong>
      )}{" "}
      <span className="soft">{[student.student_number, student.name && student.phone].filter(Boolean).join(" · ")}</span>
    </p>
  );
}

function Refund({ transaction: { order_id, amount_minor, refunded_minor, currency } }: { readonly transaction: Transaction }) {
  const leftMinor = amount_minor - refunded_minor;
  return leftMinor > 0 ? (
    <RefundForm orderId={order_id} leftMinor={leftMinor} currency={currency} onDone={() => refresh("transactions")} />
  ) : null;
}
