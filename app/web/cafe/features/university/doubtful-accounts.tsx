import { useQuery } from "@tanstack/react-query";
import { money } from "../../../shared/money/money.ts";
import { Table } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { doubtsOf, type Invariant } from "./doubts.ts";
import { askWho } from "./found-student.ts";

interface Account {
  readonly account_id: string;
  readonly kind: string;
  readonly cafe_name: string | null;
}

interface Props {
  readonly invariants: readonly Invariant[];
  /** Those that are no student's, by their ids. */
  readonly accounts: readonly Account[];
  /** Where a rule names none. */
  readonly currency: string;
}

/** Which accounts hold something else than they should: the lines that somebody on duty begins with. */
export function DoubtfulAccounts({ invariants, accounts, currency }: Props) {
  const u = useUniversityWords();
  const doubts = doubtsOf(invariants);
  if (doubts.length === 0) return null;
  return (
    <>
      <h2>{u.ledger.doubtful}</h2>
      <Table
        caption={u.ledger.doubtful}
        rows={doubts}
        keyOf={(doubt) => JSON.stringify(doubt)}
        columns={[
          {
            label: u.ledger.account,
            cell: ({ studentId, accountId, kind }) => {
              const own = accounts.find(({ account_id }) => account_id === accountId);
              const known = own?.kind ?? kind;
              return (
                <>
                  {known === undefined ? (accountId ? u.ledger.otherAccount : u.ledger.together) : (u.ledger.kinds[known] ?? known)}
                  {own?.cafe_name && ` · ${own.cafe_name}`}
                  {studentId !== undefined && <StudentName id={studentId} />}
                  {known === undefined && accountId && <code className="small break"> {accountId}</code>}
                </>
              );
            },
          },
          { label: u.ledger.invariant, cell: ({ rule }) => rule },
          { label: u.ledger.expected, isNumber: true, cell: (doubt) => money(doubt.expectedMinor, doubt.currency ?? currency) },
          {
            label: u.ledger.found,
            isNumber: true,
            cell: (doubt) => <strong>{money(doubt.foundMinor, doubt.currency ?? currency)}</strong>,
          },
        ]}
      />
    </>
  );
}

function StudentName({ id }: { readonly id: string }) {
  const found = useQuery({ queryKey: ["who", id], queryFn: () => askWho(id), staleTime: Number.POSITIVE_INFINITY });
  const [student] = found.data ?? [];
  return (
    <>
      {" "}
      ·{" "}
      {student ? [student.name ?? student.phone, student.student_number].filter(Boolean).join(" · ") : <code className="small">{id}</code>}
    </>
  );
}
