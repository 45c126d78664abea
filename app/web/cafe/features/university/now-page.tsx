import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { CheckIcon } from "../../../shared/ui/icons.tsx";
import { checksApi, disputesApi, opsApi, staffRequestsApi } from "../../api.ts";
import { allCafesQuery } from "../../cafe-choice.tsx";
import { Go } from "../../link.tsx";
import { useDates } from "../../ui/dates.ts";
import { Chip, Page } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { waitingQuery } from "./waiting.ts";

const lookAgainMs = 60_000;
const now = { refetchInterval: lookAgainMs, staleTime: 0 };

const readChecks = async () => (await unwrap(checksApi.admin.checks.$get())).items;
type Check = Awaited<ReturnType<typeof readChecks>>[number];

/** What somebody would look at in the morning, in six lines: each with its verdict and where more is told. */
export function NowPage() {
  const w = useWords();
  const u = useUniversityWords();
  return (
    <Page title={w.nav.now} what={u.now.what}>
      <ul className="stack">
        <Waiting />
        <Books />
        <Reconciliation />
        <Disputes />
        <Messages />
        <Alarms />
      </ul>
    </Page>
  );
}

interface Verdict {
  readonly tone: "act" | "wait" | "no";
  readonly what: ReactNode;
}

interface LineProps<T> {
  readonly title: string;
  readonly to: string;
  readonly link: string;
  readonly query: Pick<UseQueryResult<T>, "data" | "isError">;
  readonly judge: (found: T) => Verdict;
}

/** One that cannot be asked says so, and the others stand. */
function Line<T>({ title, to, link, query: { data, isError }, judge }: LineProps<T>) {
  const u = useUniversityWords();
  const unknown: Verdict | undefined = isError ? { tone: "no", what: u.now.unknown } : undefined;
  const verdict = data !== undefined ? judge(data) : unknown;
  return (
    <li className="card now-line" aria-busy={verdict === undefined}>
      <Chip tone={verdict?.tone ?? ""}>
        {verdict?.tone === "act" && <CheckIcon size={16} />} {verdict ? u.now.tones[verdict.tone] : "…"}
      </Chip>
      <div className="stack-tight">
        <h2>{title}</h2>
        <p>{verdict?.what ?? u.now.asking}</p>
      </div>
      {to.startsWith("/ops") ? (
        <a href={to} className="button button-small button-second">
          {link}
        </a>
      ) : (
        <Go to={to} className="button button-small button-second">
          {link}
        </Go>
      )}
    </li>
  );
}

function Waiting() {
  const w = useWords();
  const u = useUniversityWords();
  const session = useStaffSession();
  const role = session.kind === "in" ? session.user.role : "";
  const queues = useQuery(waitingQuery(role));
  const accounts = useQuery({
    queryKey: ["staff", "requests", "count"],
    queryFn: () => unwrap(staffRequestsApi.admin["staff-requests"].$get({ query: { limit: 50, status: "pending" } })),
    ...now,
  });
  const isKnown = queues.data !== undefined && accounts.data !== undefined;
  const count = [...Object.values(queues.data ?? {}), accounts.data?.items ?? []].reduce((sum, { length }) => sum + length, 0);
  return (
    <Line
      title={w.nav.approve}
      to="/approve"
      link={u.now.open}
      query={{ data: isKnown ? count : undefined, isError: queues.isError || accounts.isError }}
      judge={(found) => (found === 0 ? { tone: "act", what: u.approve.none } : { tone: "wait", what: u.now.waits(found) })}
    />
  );
}

const useChecks = () => useQuery({ queryKey: ["checks"], queryFn: readChecks, ...now });
const bookChecks: readonly Check["name"][] = ["ledger_recent", "ledger_whole", "anchors"];

/** What the checks said that run by themselves; the page of the ledger asks anew. */
function Books() {
  const w = useWords();
  const u = useUniversityWords();
  const { dayAndTime } = useDates();
  return (
    <Line
      title={w.nav.ledger}
      to="/ledger"
      link={u.now.open}
      query={useChecks()}
      judge={(checks) => {
        const own = checks.filter(({ name }) => bookChecks.includes(name));
        const [bad] = own.filter(({ ok }) => !ok);
        const [newest] = own.toSorted((one, other) => other.checked_at.localeCompare(one.checked_at));
        if (bad) return { tone: "no", what: `${u.ledger.broken} ${u.now.since(dayAndTime(bad.broken_since ?? bad.checked_at))}` };
        return newest ? { tone: "act", what: u.now.held(dayAndTime(newest.checked_at)) } : { tone: "wait", what: u.now.never };
      }}
    />
  );
}

function Reconciliation() {
  const w = useWords();
  const u = useUniversityWords();
  const { dayAndTime } = useDates();
  const currency = useQuery(allCafesQuery).data?.items[0]?.currency ?? "SEK";
  return (
    <Line
      title={w.nav.reconciliation}
      to="/reconciliation"
      link={u.now.open}
      query={useChecks()}
      judge={(checks) => {
        const own = checks.find(({ name }) => name === "reconciliation");
        if (!own) return { tone: "wait", what: u.now.never };
        return own.ok
          ? { tone: "act", what: `${u.reconciliation.allWell} ${u.now.lookedAt(dayAndTime(own.checked_at))}` }
          : { tone: "no", what: u.now.unexplained(money(own.findings, currency), dayAndTime(own.broken_since ?? own.checked_at)) };
      }}
    />
  );
}

function Disputes() {
  const u = useUniversityWords();
  const { dayAndTime } = useDates();
  const open = useQuery({
    queryKey: ["disputes", "open"],
    queryFn: async () => (await unwrap(disputesApi.admin.disputes.$get({ query: { status: "open", limit: 100 } }))).items,
    ...now,
  });
  return (
    <Line
      title={u.disputes.title}
      to="/disputes"
      link={u.now.open}
      query={open}
      judge={(found) => {
        const [first] = found.toSorted((one, other) => one.respond_by.localeCompare(other.respond_by));
        if (!first) return { tone: "act", what: u.disputes.none };
        return { tone: first.is_overdue ? "no" : "wait", what: u.now.disputes(found.length, dayAndTime(first.respond_by)) };
      }}
    />
  );
}

const useOps = () => useQuery({ queryKey: ["ops"], queryFn: () => unwrap(opsApi.admin.ops.$get()), ...now });

/** What was given up: to cafés' own systems, and everything else that one process tells another. */
function Messages() {
  const u = useUniversityWords();
  return (
    <Line
      title={u.now.messages}
      to="/ops"
      link={u.now.open}
      query={useOps()}
      judge={({ queues }) => {
        const given = (isWebhook: boolean) =>
          queues.filter(({ topic }) => (topic === "webhook.deliver") === isWebhook).reduce((sum, { dead }) => sum + dead, 0);
        const said = [given(true) > 0 && u.now.webhooks(given(true)), given(false) > 0 && u.now.others(given(false))].filter(Boolean);
        return said.length === 0 ? { tone: "act", what: u.now.allSent } : { tone: "no", what: said.join(" ") };
      }}
    />
  );
}

function Alarms() {
  const u = useUniversityWords();
  return (
    <Line
      title={u.now.alarms}
      to="/ops"
      link={u.now.open}
      query={useOps()}
      judge={({ alarms }) => {
        const ringing = alarms.filter(({ state }) => state === "ALARM");
        return ringing.length === 0
          ? { tone: "act", what: u.now.silent }
          : {
              tone: ringing.some(({ severity }) => severity === "page") ? "no" : "wait",
              what: <span lang="en">{ringing.map(({ name, says }) => `${name}: ${says}`).join(" · ")}</span>,
            };
      }}
    />
  );
}
