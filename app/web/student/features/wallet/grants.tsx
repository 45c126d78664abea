import { useQuery } from "@tanstack/react-query";
import type { JsonOf } from "../../../shared/api/request.ts";
import { lastDay } from "../../../shared/money/dates.ts";
import { money } from "../../../shared/money/money.ts";
import type { ownGrantsApi } from "../../api.ts";
import { grantsQuery } from "../../queries.ts";
import { ErrorNote } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";

type Grant = JsonOf<typeof ownGrantsApi.wallet.grants.$get>["items"][number];

/** What the university gave: first what is lost unless it is spent, the soonest first. Who never got anything sees nothing of it. */
export function Grants() {
  const w = useWords();
  const grants = useQuery(grantsQuery);
  if (grants.isError) return <ErrorNote error={grants.error} />;
  const all: readonly Grant[] = grants.data?.items ?? [];
  if (all.length === 0) return null;
  const open = all
    .filter(({ rest_minor }) => rest_minor !== null && rest_minor > 0)
    .toSorted((one, other) => (one.expires_at ?? "").localeCompare(other.expires_at ?? ""));
  const others = all.filter((grant) => !open.includes(grant));
  return (
    <section className="stack" aria-labelledby="grants">
      <h2 id="grants">{w.wallet.grants}</h2>
      {open.length > 0 && <GrantList grants={open} />}
      {others.length > 0 && (
        <details className="card fold">
          <summary>{w.wallet.otherGrants}</summary>
          <GrantList grants={others} />
        </details>
      )}
    </section>
  );
}

const GrantList = ({ grants }: { readonly grants: readonly Grant[] }) => (
  <ul className="statement">
    {grants.map((grant) => (
      <li key={grant.id}>
        <GrantLine grant={grant} />
      </li>
    ))}
  </ul>
);

function GrantLine({ grant: { title, amount_minor, currency, rest_minor, taken_back_minor, expires_at } }: { readonly grant: Grant }) {
  const w = useWords();
  const until = expires_at === null ? undefined : lastDay(expires_at);
  const what =
    until === undefined
      ? w.wallet.grantForGood
      : taken_back_minor === null
        ? w.wallet.grantUntil(until)
        : w.wallet.grantOver(until, money(taken_back_minor, currency));
  return (
    <div className="statement-line">
      <span className="stack-tight">
        <strong>{title}</strong>
        <span className="soft small">{what}</span>
      </span>
      <span className="stack-tight statement-end">
        <strong>{money(rest_minor ?? amount_minor, currency)}</strong>
        {rest_minor !== null && <span className="soft small">{w.wallet.grantLeftOf(money(amount_minor, currency))}</span>}
      </span>
    </div>
  );
}
