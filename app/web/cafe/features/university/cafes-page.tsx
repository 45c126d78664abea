import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { cafeApi } from "../../api.ts";
import { setCafe } from "../../cafe-choice.tsx";
import { useGo } from "../../link.tsx";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { FormSheet } from "../../ui/form.tsx";
import { Chip, ErrorNote, ListView, Page } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";

const key = ["cafes"];
const ask = (page: { readonly cursor?: string }) => unwrap(cafeApi.admin.cafes.$get({ query: { limit: 50, ...page } }));
type ListedCafe = Awaited<ReturnType<typeof ask>>["items"][number];
const tones = { pending: "wait", approved: "act", suspended: "no" } as const;

/** All cafés of the campus; who waits for approval stands first. */
export function CafesPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const session = useStaffSession();
  const go = useGo();
  const isAdmin = session.kind === "in" && session.user.role === "admin";
  const cafes = useList<ListedCafe>([...key, "list"], ask);
  const [suspended, setSuspended] = useState<ListedCafe>();
  const approve = useMutation({
    mutationFn: ({ id, name }: ListedCafe) =>
      unwrap(cafeApi.admin.cafes[":cafeId"].approve.$post({ param: { cafeId: id }, json: { name } })),
    onSettled: () => refresh(...key),
  });
  const sorted = cafes.rows?.toSorted((one, other) => Number(other.status === "pending") - Number(one.status === "pending"));
  return (
    <Page title={w.nav.cafes} what={u.cafes.what}>
      <ErrorNote error={approve.error} />
      <ListView
        list={{ ...cafes, rows: sorted }}
        caption={w.nav.cafes}
        keyOf={({ id }) => id}
        empty={{ title: u.cafes.none, what: u.cafes.noneWhat }}
        columns={[
          {
            label: w.app.cafe,
            cell: ({ name, code, address }) => (
              <>
                <strong>{name}</strong> <code>{code}</code>
                {address && <span className="soft small"> {address}</span>}
              </>
            ),
          },
          { label: w.roles.owner, cell: ({ owners }) => owners.map(({ name }) => name).join(", ") || "–" },
          { label: u.cafes.since, cell: ({ created_at }) => dayAndTime(created_at) },
          { label: w.app.status, cell: ({ status }) => <Chip tone={tones[status]}>{u.cafes.states[status]}</Chip> },
        ]}
        actions={(cafe) =>
          isAdmin && (
            <>
              {cafe.status !== "approved" && (
                <button type="button" className="button button-small" disabled={approve.isPending} onClick={() => approve.mutate(cafe)}>
                  {u.cafes.approve}
                </button>
              )}
              {cafe.status === "approved" && (
                <button type="button" className="button button-small button-second" onClick={() => setSuspended(cafe)}>
                  {u.cafes.suspend}
                </button>
              )}
              <button
                type="button"
                className="button button-small button-words"
                onClick={() => {
                  setCafe(cafe.id);
                  void go("/reports");
                }}
              >
                {u.cafes.open}
              </button>
            </>
          )
        }
      />
      {suspended && (
        <FormSheet
          title={u.cafes.suspendOf(suspended.name)}
          what={u.cafes.suspendWhat}
          fields={[{ name: "reason", label: w.app.reason, most: 200 }]}
          submit={u.cafes.suspend}
          tone="no"
          onSubmit={({ reason = "" }) =>
            unwrap(cafeApi.admin.cafes[":cafeId"].suspend.$post({ param: { cafeId: suspended.id }, json: { reason } }))
          }
          onDone={() => {
            setSuspended(undefined);
            void refresh(...key);
          }}
          onClose={() => setSuspended(undefined)}
        />
      )}
    </Page>
  );
}
