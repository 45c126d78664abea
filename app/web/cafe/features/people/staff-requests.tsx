import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { Sheet } from "../../../shared/ui/parts.tsx";
import { staffRequestsApi } from "../../api.ts";
import { live, refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { CopyButton, ErrorNote, ListView, Sure } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";

const key = ["staff", "requests"];
const ask = (page: { readonly cursor?: string }) =>
  unwrap(staffRequestsApi.admin["staff-requests"].$get({ query: { limit: 50, status: "pending", ...page } }));
type Asked = Awaited<ReturnType<typeof ask>>["items"][number];

/** Accounts of the university take two people: what one asked for waits here for another one. */
export function StaffRequests({ ownId, title }: { readonly ownId: string; readonly title: string }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const [secret, setSecret] = useState<MadeLogin>();
  const requests = useList<Asked>(key, ask, live);
  const settled = () => refresh("staff");
  const approve = useMutation({
    mutationFn: (requestId: string) =>
      unwrap(staffRequestsApi.admin["staff-requests"][":requestId"].approve.$post({ param: { requestId } })),
    onSuccess: ({ member, one_time_password }) => {
      if (one_time_password !== null) setSecret({ username: member.username, password: one_time_password });
    },
    onSettled: settled,
  });
  const reject = useMutation({
    mutationFn: (requestId: string) =>
      unwrap(staffRequestsApi.admin["staff-requests"][":requestId"].reject.$post({ param: { requestId } })),
    onSettled: settled,
  });
  return (
    <section className="stack">
      <h2>{title}</h2>
      <ErrorNote error={approve.error ?? reject.error} />
      <ListView
        isPart
        list={requests}
        caption={w.staff.requests}
        keyOf={({ id }) => id}
        empty={{ title: w.staff.noRequests }}
        columns={[
          {
            label: w.app.name,
            cell: ({ name, staff_name, username, kind }) => (
              <>
                <strong>{name ?? staff_name ?? w.staff.requestKinds[kind]}</strong>
                {username && <div className="soft small">{username}</div>}
              </>
            ),
          },
          { label: w.staff.role, cell: ({ role }) => (role === null ? "–" : w.roles[role]) },
          { label: w.app.status, cell: ({ kind }) => w.staff.requestKinds[kind] },
          { label: w.staff.askedBy, cell: ({ requested_by_name }) => requested_by_name },
          { label: w.staff.since, cell: ({ created_at }) => dayAndTime(created_at) },
        ]}
        actions={({ id, requested_by }) => (
          <>
            {requested_by !== ownId && <Sure label={w.staff.agree} sure={w.staff.agreeSure} onSure={() => approve.mutate(id)} />}
            <Sure label={w.staff.refuse} sure={w.staff.refuseSure} onSure={() => reject.mutate(id)} />
          </>
        )}
      />
      {secret && <OneTimePassword made={secret} onClose={() => setSecret(undefined)} />}
    </section>
  );
}

export interface MadeLogin {
  readonly username: string;
  readonly password: string;
}

/** Shown this once, to whoever made the login. */
export function OneTimePassword({ made, onClose }: { readonly made: MadeLogin; readonly onClose: () => void }) {
  const w = useWords();
  return (
    <Sheet title={w.login.oneTime} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">{w.login.oneTime}</h2>
      <p>{w.staff.oneTimeWhat(made.username)}</p>
      <code className="secret">{made.password}</code>
      <CopyButton text={made.password} label={w.app.copy} />
    </Sheet>
  );
}
