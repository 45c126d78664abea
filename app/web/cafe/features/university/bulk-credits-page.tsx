import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { errorOf, unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { staffFetch } from "../../../shared/session/staff.ts";
import { grantsApi, intent } from "../../api.ts";
import { Go, useGo } from "../../link.tsx";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { problemsOf } from "../../ui/form.tsx";
import { Chip, ErrorNote, ListView, Page, Table } from "../../ui/parts.tsx";
import { save } from "../../ui/save.ts";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { bulkCreditKey, bulkCreditTones } from "./bulk-credit-states.ts";

const ask = (page: { readonly cursor?: string }) => unwrap(grantsApi.admin["bulk-credits"].$get({ query: { limit: 30, ...page } }));
type BulkCredit = Awaited<ReturnType<typeof ask>>["items"][number];

/** Files that give money to many students: the form for a new one, and what became of the others. */
export function BulkCreditsPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const list = useList<BulkCredit>([...bulkCreditKey, "list"], ask);
  return (
    <Page title={w.nav.bulkCredits} what={u.credits.what}>
      <SendFile />
      <Columns />
      <h2>{u.credits.sent}</h2>
      <ListView
        list={list}
        caption={w.nav.bulkCredits}
        keyOf={({ id }) => id}
        empty={{ title: u.credits.none, what: u.credits.noneWhat }}
        columns={[
          { label: u.credits.title, cell: ({ title }) => <strong>{title}</strong> },
          { label: u.importing.lines, isNumber: true, cell: ({ total_minor, lines }) => (total_minor === 0 ? "–" : lines) },
          {
            label: w.app.total,
            isNumber: true,
            cell: ({ total_minor, currency }) => (total_minor === 0 ? "–" : money(total_minor, currency)),
          },
          { label: u.credits.askedBy, cell: ({ requested_by_name }) => requested_by_name },
          { label: w.app.when, cell: ({ created_at }) => dayAndTime(created_at) },
          { label: w.app.status, cell: ({ status }) => <Chip tone={bulkCreditTones[status]}>{u.credits.states[status]}</Chip> },
        ]}
        actions={({ id }) => (
          <Go to={`/bulk-credits/${id}`} className="button button-small button-words">
            {u.credits.open}
          </Go>
        )}
      />
    </Page>
  );
}

function SendFile() {
  const w = useWords();
  const u = useUniversityWords();
  const go = useGo();
  // One key for one form as it is filled in: sent again unchanged, it is the same request.
  const [key, setKey] = useState(intent);
  const send = useMutation({
    mutationFn: async ({ title, file }: { readonly title: string; readonly file: File }) => {
      const answer = await staffFetch(`/api/v1/admin/bulk-credits?${new URLSearchParams({ title })}`, {
        method: "POST",
        headers: { "Content-Type": "text/csv", ...key.headers },
        body: file,
      });
      if (!answer.ok) throw await errorOf(answer);
      return ((await answer.json()) as { id: string }).id;
    },
    onSuccess: async (id) => {
      void refresh(...bulkCreditKey);
      await go(`/bulk-credits/${id}`);
    },
  });
  const problem = problemsOf(send.error).title;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const file = form.get("file");
    if (file instanceof File) send.mutate({ file, title: String(form.get("title")).trim() });
  };
  return (
    <form className="card stack narrow-form" onSubmit={submit} onChange={() => setKey(intent())} aria-label={u.credits.ask}>
      <label className="field">
        <span>{u.credits.title}</span>
        <input className="input" name="title" required minLength={3} maxLength={200} autoComplete="off" />
        <small className={problem ? "problem" : ""}>{problem ? w.app.problem(problem) : u.credits.titleHint}</small>
      </label>
      <label className="field">
        <span>{u.importing.file}</span>
        <input className="input" type="file" name="file" accept=".csv,text/csv" required />
        <small>{u.credits.fileHint}</small>
      </label>
      <ErrorNote error={send.error} />
      <button type="submit" className="button" disabled={send.isPending}>
        {u.credits.send}
      </button>
    </form>
  );
}

const sample = [
  "student_number,email,amount_minor,reference,expires_on",
  "20261234,,46000,meal-plan-spring,2027-06-30",
  ",ada@student.example,120000,bursary-117,",
  "",
].join("\r\n");

function Columns() {
  const u = useUniversityWords();
  const rows = [
    { names: ["student_id", "student_number", "email", "phone", "card_uid"], what: u.credits.whoColumn },
    { names: ["amount_minor"], what: u.credits.amountColumn, isNeeded: true },
    { names: ["reference"], what: u.credits.referenceColumn, isNeeded: true },
    { names: ["expires_on"], what: u.credits.dayColumn },
  ];
  return (
    <details className="card narrow-form">
      <summary>{u.credits.columns}</summary>
      <div className="stack">
        <Table
          caption={u.credits.columns}
          rows={rows}
          keyOf={({ what }) => what}
          columns={[
            {
              label: u.importing.column,
              cell: ({ names, isNeeded }) => (
                <>
                  <code>{names.join(", ")}</code>
                  {isNeeded && <small className="soft"> ({u.credits.needed})</small>}
                </>
              ),
            },
            { label: u.credits.means, cell: ({ what }) => what },
          ]}
        />
        <button
          type="button"
          className="button button-small button-second"
          onClick={() => save(new Blob([sample], { type: "text/csv" }), "bulk-credits.csv")}
        >
          {u.credits.sample}
        </button>
      </div>
    </details>
  );
}
