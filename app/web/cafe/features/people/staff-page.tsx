import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { type StaffRole, useStaffSession } from "../../../shared/session/staff.ts";
import { Notice } from "../../../shared/ui/parts.tsx";
import { inCafe, staffApi } from "../../api.ts";
import { allCafesQuery } from "../../cafe-choice.tsx";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { FormSheet } from "../../ui/form.tsx";
import { Chip, ErrorNote, ListView, Page, Sure } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { type MadeLogin, OneTimePassword, StaffRequests } from "./staff-requests.tsx";

const key = ["staff"];
const ask = (page: { readonly cursor?: string }) => unwrap(staffApi.admin.staff.$get({ query: { limit: 50, ...page } }));
type Member = Awaited<ReturnType<typeof ask>>["items"][number];
const ofCafe: readonly StaffRole[] = ["owner", "cashier", "kitchen", "delivery"];
const ofUniversity: readonly StaffRole[] = ["finance", "admin"];

export function StaffPage() {
  const w = useWords();
  const { dayAndTime } = useDates();
  const session = useStaffSession();
  const isAdmin = session.kind === "in" && session.user.cafe_id === null;
  const staff = useList<Member>(key, ask);
  const cafes = useQuery({ ...allCafesQuery, enabled: isAdmin });
  const [isAdding, setIsAdding] = useState(false);
  const [role, setRole] = useState<StaffRole>("kitchen");
  const [secret, setSecret] = useState<MadeLogin>();
  const [isAsked, setIsAsked] = useState(false);
  const tell = (made: { readonly username: string; readonly one_time_password: string } | { readonly kind: string }) => {
    setIsAdding(false);
    if ("one_time_password" in made) setSecret({ username: made.username, password: made.one_time_password });
    // An account of finance or admin: a second person does it.
    else setIsAsked(true);
    void refresh(...key);
  };
  const change = useMutation({
    mutationFn: ({ id, is_active }: Pick<Member, "id" | "is_active">) =>
      unwrap(staffApi.admin.staff[":staffId"].$patch({ param: { staffId: id }, json: { is_active } })),
    onSuccess: (made) => setIsAsked("kind" in made),
    onSettled: () => refresh(...key),
  });
  const reset = useMutation({
    mutationFn: (staffId: string) => unwrap(staffApi.admin.staff[":staffId"]["reset-password"].$post({ param: { staffId } })),
    onSuccess: tell,
  });
  const add = (
    <button
      type="button"
      className="button button-small"
      onClick={() => {
        setRole("kitchen");
        setIsAdding(true);
      }}
    >
      {w.staff.add}
    </button>
  );
  const cafeOptions = cafes.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? [];
  return (
    <Page title={w.nav.staff} what={w.staff.what} actions={add}>
      <ErrorNote error={change.error ?? reset.error} />
      {isAsked && <Notice tone="wait" title={w.staff.asked} />}
      {isAdmin && session.kind === "in" && <StaffRequests ownId={session.user.id} title={w.staff.requests} />}
      <ListView
        list={staff}
        caption={w.nav.staff}
        keyOf={({ id }) => id}
        empty={{ title: w.staff.none, action: add }}
        columns={[
          { label: w.app.name, cell: ({ name }) => <strong>{name}</strong> },
          { label: w.login.username, cell: ({ username }) => username },
          { label: w.staff.role, cell: ({ role }) => w.roles[role] },
          ...(isAdmin
            ? [{ label: w.app.cafe, cell: ({ cafe_id }: Member) => cafes.data?.items.find(({ id }) => id === cafe_id)?.name ?? "–" }]
            : []),
          {
            label: w.app.status,
            cell: ({ is_active, must_change_password }) =>
              is_active ? (
                <Chip tone={must_change_password ? "wait" : "act"}>{must_change_password ? w.staff.oneTime : w.staff.active}</Chip>
              ) : (
                <Chip tone="no">{w.staff.inactive}</Chip>
              ),
          },
          { label: w.staff.since, cell: ({ created_at }) => dayAndTime(created_at) },
        ]}
        actions={({ id, is_active }) =>
          session.kind === "in" && session.user.id === id ? null : is_active ? (
            <>
              <Sure label={w.staff.reset} sure={w.staff.resetSure} onSure={() => reset.mutate(id)} />
              <Sure label={w.staff.stop} sure={w.staff.stopSure} onSure={() => change.mutate({ id, is_active: false })} />
            </>
          ) : (
            <button type="button" className="button button-small button-second" onClick={() => change.mutate({ id, is_active: true })}>
              {w.staff.start}
            </button>
          )
        }
      />
      {isAdding && (
        <FormSheet
          title={w.staff.add}
          fields={[
            { name: "name", label: w.app.name, most: 100 },
            { name: "username", label: w.login.username, hint: w.register.usernameHint, most: 50 },
            {
              name: "role",
              label: w.staff.role,
              value: role,
              onChoose: (chosen) => setRole(chosen as StaffRole),
              options: [...ofCafe, ...(isAdmin ? ofUniversity : [])].map((role) => ({ value: role, label: w.roles[role] })),
            },
            ...(isAdmin && ofCafe.includes(role)
              ? [{ name: "cafe_id", label: w.app.cafe, options: [{ value: "", label: w.staff.chooseCafe }, ...cafeOptions] }]
              : []),
          ]}
          submit={w.app.add}
          onSubmit={async ({ name = "", username = "", role = "", cafe_id }) =>
            tell(
              await unwrap(
                staffApi.admin.staff.$post({
                  query: cafe_id ? { cafe_id } : isAdmin ? {} : inCafe(),
                  json: { name, username: username.toLowerCase(), role: role as StaffRole },
                }),
              ),
            )
          }
          onClose={() => setIsAdding(false)}
        />
      )}
      {secret && <OneTimePassword made={secret} onClose={() => setSecret(undefined)} />}
    </Page>
  );
}
