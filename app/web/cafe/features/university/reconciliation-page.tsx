import { useQuery } from "@tanstack/react-query";
import { unwrap } from "../../../shared/api/request.ts";
import { money } from "../../../shared/money/money.ts";
import { CheckIcon } from "../../../shared/ui/icons.tsx";
import { EmptyState, Notice } from "../../../shared/ui/parts.tsx";
import { currentLanguage } from "../../../shared/words/language.ts";
import { reconciliationApi } from "../../api.ts";
import { useDates } from "../../ui/dates.ts";
import { Figure, Loaded, Page, Table } from "../../ui/parts.tsx";
import { PeriodChoice, usePeriod } from "../../ui/period.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";
import { saidOf } from "./not-explained.ts";

const dayMs = 86_400_000;

/** Whether the gateway, the cafés and the bank tell the same story as the ledger. */
export function ReconciliationPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const { period, choice } = usePeriod(7);
  const span = {
    from: new Date(`${period.from}T00:00:00`).toISOString(),
    until: new Date(Math.min(Date.parse(`${period.to}T00:00:00`) + dayMs, Date.now())).toISOString(),
  };
  const found = useQuery({
    queryKey: ["reconciliation", period],
    queryFn: () => unwrap(reconciliationApi.admin.reconciliation.$get({ query: span })),
  });
  return (
    <Page title={w.nav.reconciliation} what={u.reconciliation.what}>
      <PeriodChoice period={period} {...choice} />
      <Loaded query={found}>
        {({ currencies, sides, unexplained, checked_at, gateway_source }) => (
          <>
            {gateway_source === "none" && <Notice tone="tell" title={u.reconciliation.noGateway} />}
            <dl className="figures">
              {currencies.map(({ currency, total_minor, explained_percent }) => (
                <Figure
                  key={currency}
                  label={u.reconciliation.explained}
                  value={`${explained_percent.toLocaleString(currentLanguage())} %`}
                  note={u.reconciliation.of(money(total_minor, currency), dayAndTime(checked_at))}
                />
              ))}
            </dl>
            {sides.length > 0 && (
              <ul className="ranking" aria-label={u.reconciliation.sides}>
                {sides.map(({ side, currency, total_minor, explained_minor }) => (
                  <li key={`${side} ${currency}`}>
                    <span>
                      {u.reconciliation.names[side]}{" "}
                      <small className="soft">
                        {money(explained_minor, currency)} / {money(total_minor, currency)}
                      </small>
                    </span>
                    <meter min={0} max={Math.max(1, total_minor)} value={total_minor === 0 ? 1 : explained_minor}>
                      {money(explained_minor, currency)}
                    </meter>
                  </li>
                ))}
              </ul>
            )}
            {unexplained.length > 0 && <h2>{u.reconciliation.unexplained}</h2>}
            {unexplained.length === 0 ? (
              <EmptyState title={u.reconciliation.allWell} what={u.reconciliation.allWellWhat} icon={<CheckIcon size={36} />} />
            ) : (
              <Table
                caption={u.reconciliation.unexplained}
                rows={unexplained}
                keyOf={({ side, problem, ids }) => `${side} ${problem} ${JSON.stringify(ids)}`}
                columns={[
                  { label: u.reconciliation.side, cell: ({ side }) => u.reconciliation.names[side] },
                  {
                    label: u.importing.problem,
                    cell: ({ problem }) => saidOf(problem) ?? <span lang="en">{problem}</span>,
                  },
                  {
                    label: w.app.amount,
                    isNumber: true,
                    cell: ({ amount_minor, currency }) => <strong>{money(amount_minor, currency)}</strong>,
                  },
                  {
                    label: u.reconciliation.ids,
                    cell: ({ ids }) => (
                      <code className="break small">
                        {Object.entries(ids)
                          .map(([name, id]) => `${name} ${id}`)
                          .join(" ")}
                      </code>
                    ),
                  },
                ]}
              />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}
