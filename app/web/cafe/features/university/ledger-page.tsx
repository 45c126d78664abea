import { useQuery } from "@tanstack/react-query";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { Notice } from "../../../shared/ui/parts.tsx";
import { booksApi, journalApi } from "../../api.ts";
import { useDates } from "../../ui/dates.ts";
import { Form, type Values } from "../../ui/form.tsx";
import { Chip, Loaded, Page, Table } from "../../ui/parts.tsx";
import { fileOf, save } from "../../ui/save.ts";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { DoubtfulAccounts } from "./doubtful-accounts.tsx";

/** The invariants of the books, run now; and what stands on each account. */
export function LedgerPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const check = useQuery({
    queryKey: ["ledger", "check"],
    queryFn: () => unwrap(booksApi.admin.ledger.check.$get()),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const balances = useQuery({ queryKey: ["ledger", "balances"], queryFn: () => unwrap(booksApi.admin.balances.$get({ query: {} })) });
  return (
    <Page
      title={w.nav.ledger}
      what={u.ledger.what}
      actions={
        <button type="button" className="button button-small" disabled={check.isFetching} onClick={() => void check.refetch()}>
          {check.isFetching ? u.ledger.checking : u.ledger.again}
        </button>
      }
    >
      <Loaded query={check}>
        {({ ok, invariants, checked_at, not_covered }) => (
          <>
            <Notice tone={ok ? "act" : "no"} title={ok ? u.ledger.ok(invariants.length) : u.ledger.broken}>
              {dayAndTime(checked_at)}
            </Notice>
            {!ok && (
              <DoubtfulAccounts
                invariants={invariants}
                accounts={balances.data?.items ?? []}
                currency={balances.data?.items[0]?.currency ?? "SEK"}
              />
            )}
            <Table
              caption={w.nav.ledger}
              rows={invariants.toSorted((one, other) => Number(one.ok) - Number(other.ok))}
              keyOf={({ id }) => id}
              columns={[
                {
                  label: u.ledger.invariant,
                  cell: ({ id }) => (
                    <>
                      {nameOf(id, u.ledger.rules)} <code className="soft small">{id}</code>
                    </>
                  ),
                },
                {
                  label: w.app.status,
                  cell: (one) => <Chip tone={one.ok ? "act" : "no"}>{one.ok ? u.ledger.holds : u.ledger.fails}</Chip>,
                },
                {
                  label: u.ledger.violations,
                  isNumber: true,
                  cell: ({ violations, sample }) =>
                    violations === 0 ? (
                      "0"
                    ) : (
                      <details>
                        <summary>{violations}</summary>
                        <pre>{JSON.stringify(sample, null, 1)}</pre>
                      </details>
                    ),
                },
              ]}
            />
            {not_covered.length > 0 && (
              <p className="soft small">
                {u.ledger.notCovered} {not_covered.join(", ")}
              </p>
            )}
          </>
        )}
      </Loaded>
      <h2>{u.ledger.balances}</h2>
      <Loaded query={balances}>
        {({ items }) => (
          <Table
            caption={u.ledger.balances}
            rows={items}
            keyOf={({ account_id }) => account_id}
            columns={[
              {
                label: u.ledger.account,
                cell: ({ kind, cafe_name }) =>
                  cafe_name ? `${nameOf(kind, u.ledger.kinds)} · ${cafe_name}` : nameOf(kind, u.ledger.kinds),
              },
              {
                label: w.app.amount,
                isNumber: true,
                cell: ({ balance_minor, currency }) => <strong>{money(balance_minor, currency)}</strong>,
              },
            ]}
          />
        )}
      </Loaded>
      <Journal />
    </Page>
  );
}

const isoDay = (day: Date) => new Intl.DateTimeFormat("sv-SE").format(day);

/** A journal of days on which nothing moved is its head alone. */
const hasLines = async (file: Blob, format: "csv" | "sie"): Promise<boolean> => {
  const text = await file.text();
  return format === "csv" ? text.trimEnd().includes("\n") : text.includes("#VER");
};

/** The books of a period as a file; the month that ended last unless somebody says otherwise. */
function Journal() {
  const w = useWords();
  const u = useUniversityWords();
  const now = new Date();
  const download = async ({ from = "", until = "", format }: Values) => {
    const wanted = format === "csv" ? "csv" : "sie";
    const file = await fileOf(journalApi.admin.journal.$get({ query: { from, until, format: wanted } }));
    if (!(await hasLines(file, wanted))) return u.ledger.nothing;
    save(file, `journal-${from}-${until}.${wanted === "csv" ? "csv" : "se"}`);
    return u.ledger.downloaded;
  };
  return (
    <section className="card stack narrow-form" aria-labelledby="journal">
      <h2 id="journal">{u.ledger.journal}</h2>
      <p className="soft">{u.ledger.journalWhat}</p>
      <Form
        fields={[
          { name: "from", label: w.app.from, kind: "date", value: isoDay(new Date(now.getFullYear(), now.getMonth() - 1, 1)) },
          { name: "until", label: u.ledger.until, kind: "date", value: isoDay(new Date(now.getFullYear(), now.getMonth(), 0)) },
          {
            name: "format",
            label: u.ledger.format,
            options: (["sie", "csv"] as const).map((value) => ({ value, label: u.ledger.formats[value] })),
          },
        ]}
        submit={u.ledger.download}
        onSubmit={download}
      />
    </section>
  );
}

const nameOf = (kind: string, names: Readonly<Record<string, string>>): string => names[kind] ?? kind.replaceAll("_", " ");
