import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { errorOf, unwrap } from "../../../shared/api/request.ts";
import { staffFetch } from "../../../shared/session/staff.ts";
import { importsApi, intent } from "../../api.ts";
import { ErrorNote, Figure, Page, Table } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";

interface Upload {
  readonly file: File;
  readonly mode: string;
  readonly isTrial: boolean;
}

/** A CSV register: tried first, then written; each bad line is named. */
export function ImportPage() {
  const w = useWords();
  const u = useUniversityWords();
  const [importId, setImportId] = useState<string>();
  const send = useMutation({
    mutationFn: async ({ file, mode, isTrial }: Upload) => {
      const answer = await staffFetch(`/api/v1/admin/students/import?${new URLSearchParams({ mode, dry_run: String(isTrial) })}`, {
        method: "POST",
        headers: { "Content-Type": "text/csv", ...intent().headers },
        body: file,
      });
      if (!answer.ok) throw await errorOf(answer);
      return ((await answer.json()) as { id: string }).id;
    },
    onSuccess: setImportId,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const file = form.get("file");
    if (file instanceof File) send.mutate({ file, mode: String(form.get("mode")), isTrial: form.get("trial") === "true" });
  };
  return (
    <Page title={w.nav.import} what={u.importing.what}>
      <form className="card stack narrow-form" onSubmit={submit}>
        <label className="field">
          <span>{u.importing.file}</span>
          <input className="input" type="file" name="file" accept=".csv,text/csv" required />
          <small>{u.importing.fileHint}</small>
        </label>
        <label className="field">
          <span>{u.importing.mode}</span>
          <select className="input" name="mode">
            <option value="all_or_none">{u.importing.allOrNone}</option>
            <option value="good_lines">{u.importing.goodLines}</option>
          </select>
        </label>
        <label className="check">
          <input type="checkbox" name="trial" value="true" defaultChecked />
          <span>
            {u.importing.trial}
            <small>{u.importing.trialWhat}</small>
          </span>
        </label>
        <ErrorNote error={send.error} />
        <button type="submit" className="button" disabled={send.isPending}>
          {u.importing.begin}
        </button>
      </form>
      {importId && <Progress key={importId} importId={importId} />}
    </Page>
  );
}

const lookEveryMs = 700;

function Progress({ importId }: { readonly importId: string }) {
  const w = useWords();
  const u = useUniversityWords();
  const state = useQuery({
    queryKey: ["import", importId],
    queryFn: () => unwrap(importsApi.admin.students.imports[":importId"].$get({ param: { importId } })),
    refetchInterval: ({ state: { data } }) => (data === undefined || data.finished_at === null ? lookEveryMs : false),
  });
  if (!state.data) return <ErrorNote error={state.error} />;
  const { status, bytes_total, bytes_read, lines_read, created, updated, unchanged, bad_lines, problems, dry_run } = state.data;
  return (
    <section className="card stack" aria-labelledby="import-state">
      <h2 id="import-state" role="status">
        {u.importing.states[status]}
        {dry_run && ` · ${u.importing.trial}`}
      </h2>
      <progress className="progress" max={Math.max(1, bytes_total)} value={bytes_read} aria-label={w.nav.import} />
      <dl className="figures">
        <Figure label={u.importing.lines} value={lines_read} />
        <Figure label={u.importing.created} value={created} />
        <Figure label={u.importing.updated} value={updated} />
        <Figure label={u.importing.unchanged} value={unchanged} />
        <Figure label={u.importing.bad} value={bad_lines} />
      </dl>
      {problems.length > 0 && (
        <Table
          caption={u.importing.bad}
          rows={problems}
          keyOf={({ line, column, problem }) => `${line} ${column} ${problem}`}
          columns={[
            { label: u.importing.line, isNumber: true, cell: ({ line }) => line },
            { label: u.importing.column, cell: ({ column }) => column ?? "–" },
            { label: u.importing.problem, cell: ({ problem }) => <span lang="en">{problem}</span> },
          ]}
        />
      )}
    </section>
  );
}
