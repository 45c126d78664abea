import { useMutation, useQuery } from "@tanstack/react-query";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { grantsApi } from "../../api.ts";
import { Go, usePart } from "../../link.tsx";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { Chip, ErrorNote, Figure, ListView, Loaded, Page, Sure, Table } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { bulkCreditKey, bulkCreditTones } from "./bulk-credit-states.ts";

const lookEveryMs = 1_000;
const one = grantsApi.admin["bulk-credits"][":bulkCreditId"];
const read = (bulkCreditId: string) => unwrap(one.$get({ param: { bulkCreditId } }));
type BulkCredit = Awaited<ReturnType<typeof read>>;
const readLines = (bulkCreditId: string, page: { readonly cursor?: string }) =>
  unwrap(one.grants.$get({ param: { bulkCreditId }, query: { limit: 50, ...page } }));
type Line = Awaited<ReturnType<typeof readLines>>["items"][number];

/** The worker has it. */
const isMoving = ({ status }: Pick<BulkCredit, "status">) => status === "reading" || status === "approved";

/** One file: what is wrong with it, who asked and who agreed, how far it is, and each of its lines. */
export function BulkCreditPage() {
  const w = useWords();
  const u = useUniversityWords();
  const bulkCreditId = usePart("bulkCreditId");
  const state = useQuery({
    queryKey: [...bulkCreditKey, bulkCreditId],
    queryFn: () => read(bulkCreditId),
    refetchInterval: ({ state: { data } }) => (data !== undefined && isMoving(data) ? lookEveryMs : false),
  });
  return (
    <Page
      title={state.data?.title ?? w.nav.bulkCredits}
      actions={
        <Go to="/bulk-credits" className="button button-small button-second">
          {u.credits.back}
        </Go>
      }
    >
      <Loaded query={state}>
        {(made) => (
          <>
            <Progress made={made} />
            {made.problems.length > 0 && <Problems problems={made.problems} />}
            {made.total_minor > 0 && <Lines key={made.status} made={made} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Progress({ made }: { readonly made: BulkCredit }) {
  const u = useUniversityWords();
  const w = useWords();
  const { dayAndTime } = useDates();
  const { status, currency, lines, total_minor, credited_lines, credited_minor, no_wallet_lines, taken_back_minor } = made;
  const wasAgreed = status === "approved" || status === "done";
  return (
    <section className="card stack" aria-labelledby="bulk-credit-state">
      <h2 id="bulk-credit-state">
        <Chip tone={bulkCreditTones[status]}>{u.credits.states[status]}</Chip>
      </h2>
      <p role="status">{u.credits.told[status]}</p>
      {status === "reading" && <progress className="progress" aria-label={u.credits.states.reading} />}
      {wasAgreed && (
        <progress className="progress" max={Math.max(1, lines)} value={credited_lines + no_wallet_lines} aria-label={u.credits.credited} />
      )}
      <dl className="figures">
        <Figure label={u.credits.askedBy} value={made.requested_by_name} note={dayAndTime(made.created_at)} />
        {made.decided_by_name !== null && (
          <Figure
            label={u.credits.decidedBy}
            value={made.decided_by_name}
            note={made.decided_at ? dayAndTime(made.decided_at) : undefined}
          />
        )}
        {total_minor > 0 && <Figure label={w.app.total} value={money(total_minor, currency)} note={u.credits.lineCount(lines)} />}
        {wasAgreed && (
          <Figure label={u.credits.credited} value={money(credited_minor, currency)} note={u.credits.creditedOf(credited_lines, lines)} />
        )}
        {no_wallet_lines > 0 && <Figure label={u.credits.noWallet} value={no_wallet_lines} />}
        {taken_back_minor > 0 && <Figure label={u.credits.takenBack} value={money(taken_back_minor, currency)} />}
      </dl>
      {status === "pending" && <Decision made={made} />}
    </section>
  );
}

/** Whoever asked may only take it back. */
function Decision({ made: { id, requested_by } }: { readonly made: BulkCredit }) {
  const u = useUniversityWords();
  const session = useStaffSession();
  const isOwn = session.kind === "in" && session.user.id === requested_by;
  const param = { bulkCreditId: id };
  const decide = useMutation({
    mutationFn: (how: "approve" | "reject") => unwrap(how === "approve" ? one.approve.$post({ param }) : one.reject.$post({ param })),
    onSettled: () => refresh(...bulkCreditKey),
  });
  return (
    <>
      <ErrorNote error={decide.error} />
      {isOwn && <p className="soft">{u.approve.own}</p>}
      <div className="sheet-actions">
        {!isOwn && (
          <Sure label={u.approve.yes} sure={u.approve.yesSure} isPending={decide.isPending} onSure={() => decide.mutate("approve")} />
        )}
        <Sure
          label={isOwn ? u.credits.takeBack : u.approve.no}
          sure={isOwn ? u.credits.takeBackSure : u.credits.noSure}
          isPending={decide.isPending}
          onSure={() => decide.mutate("reject")}
        />
      </div>
    </>
  );
}

function Problems({ problems }: Pick<BulkCredit, "problems">) {
  const u = useUniversityWords();
  return (
    <section className="stack">
      <h2>{u.importing.bad}</h2>
      <Table
        caption={u.importing.bad}
        rows={problems}
        keyOf={({ line, column, problem }) => `${line} ${column} ${problem}`}
        columns={[
          { label: u.importing.line, isNumber: true, cell: ({ line }) => line },
          { label: u.importing.column, cell: ({ column }) => (column === null ? "–" : <code>{column}</code>) },
          { label: u.importing.problem, cell: ({ problem }) => <span lang="en">{problem}</span> },
        ]}
      />
    </section>
  );
}

const lineTones = { waiting: "wait", credited: "act", no_wallet: "no", rejected: "no", expired: "" } as const;

function Lines({ made: { id, status } }: { readonly made: BulkCredit }) {
  const w = useWords();
  const { lastDay } = useDates();
  const u = useUniversityWords();
  const session = useStaffSession();
  const isAdmin = session.kind === "in" && session.user.role === "admin";
  const list = useList<Line>([...bulkCreditKey, id, "lines", status], (page) => readLines(id, page));
  return (
    <section className="stack">
      <h2>{u.credits.lines}</h2>
      <ListView
        isPart
        list={list}
        caption={u.credits.lines}
        keyOf={(line) => line.id}
        empty={{ title: u.credits.noLines }}
        columns={[
          { label: u.importing.line, isNumber: true, cell: ({ line }) => line },
          {
            label: w.app.student,
            cell: ({ student_id }) =>
              isAdmin ? (
                <Go to={`/students/${student_id}`} className="button button-small button-words">
                  {u.students.open}
                </Go>
              ) : (
                <code className="soft small">{student_id}</code>
              ),
          },
          { label: u.credits.reference, cell: ({ reference }) => reference },
          {
            label: w.app.amount,
            isNumber: true,
            cell: ({ amount_minor, currency }) => <strong>{money(amount_minor, currency)}</strong>,
          },
          { label: u.credits.until, cell: ({ expires_at }) => (expires_at === null ? u.credits.forGood : lastDay(expires_at)) },
          { label: w.app.status, cell: (line) => <Chip tone={lineTones[line.status]}>{u.credits.lineStates[line.status]}</Chip> },
        ]}
      />
    </section>
  );
}
