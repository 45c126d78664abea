import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { auditApi } from "../../api.ts";
import { useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { CopyButton, ListView, Page } from "../../ui/parts.tsx";
import { SearchField, useLater } from "../../ui/search-field.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";

type Query = Parameters<typeof auditApi.admin.audit.$get>[0]["query"];
const ask = (query: Query) => unwrap(auditApi.admin.audit.$get({ query: { limit: 50, ...query } }));
type Line = Awaited<ReturnType<typeof ask>>["items"][number];

/** What stands before the dot of an action: the ones that an admin asks for. */
const subjects = [
  "adjustment",
  "bulk_credit",
  "cafe",
  "card",
  "close_out",
  "debt",
  "device",
  "dispute",
  "menu_item",
  "order",
  "payment_file",
  "refund_proposal",
  "setting",
  "settlement",
  "shift",
  "staff",
  "student",
  "students",
  "wallet",
  "webhook",
];

const textOf = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

/** Who changed what, when, by which request. Nothing here can be changed. */
export function AuditPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const [action, setAction] = useState("");
  const [day, setDay] = useState("");
  const asked = useLater(action).toLowerCase();
  const filter: Query = {
    ...(asked && { action: asked }),
    ...(day && { from: new Date(`${day}T00:00:00`).toISOString(), to: new Date(`${day}T23:59:59.999`).toISOString() }),
  };
  const lines = useList<Line>(["audit", filter], (page) => ask({ ...filter, ...page }));
  const seen = new Set(lines.rows?.map((line) => line.action));
  return (
    <Page title={w.nav.audit} what={u.audit.what}>
      <div className="filters">
        <SearchField value={action} onChange={setAction} label={u.audit.search} choices={[...subjects, ...seen]} />
        <label className="period-day">
          <span>{w.reports.day}</span>
          <input className="input" type="date" value={day} onChange={({ target }) => setDay(target.value)} />
        </label>
      </div>
      <ListView
        list={lines}
        caption={w.nav.audit}
        keyOf={({ id }) => id}
        empty={{ title: u.audit.none, what: u.audit.noneWhat }}
        columns={[
          { label: w.app.when, cell: ({ at }) => dayAndTime(at) },
          { label: u.audit.who, cell: ({ actor_name, actor_kind }) => <strong>{actor_name ?? actor_kind}</strong> },
          { label: u.audit.action, cell: (line) => <code>{line.action}</code> },
          {
            label: u.audit.details,
            cell: ({ details, target_kind, target_id, target_name, cafe_name, request_id }) => (
              <details>
                <summary>{[target_kind, target_name, cafe_name].filter(Boolean).join(" · ")}</summary>
                <ul>
                  {Object.entries({ ...(target_id && { id: target_id }), ...details }).map(([name, value]) => (
                    <li key={name}>
                      <span className="soft">{name.replaceAll("_", " ")}:</span> {textOf(value)}
                    </li>
                  ))}
                </ul>
                {request_id && <CopyButton text={request_id} label={w.app.copyId(request_id)} />}
              </details>
            ),
          },
        ]}
      />
    </Page>
  );
}
