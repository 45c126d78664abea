import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { useStaffSession } from "../../../shared/session/staff.ts";
import { bankApi } from "../../api.ts";
import { allCafesQuery } from "../../cafe-choice.tsx";
import { refresh, useList } from "../../queries.ts";
import { useDates } from "../../ui/dates.ts";
import { FormSheet } from "../../ui/form.tsx";
import { Chip, ErrorNote, ListView, Sure } from "../../ui/parts.tsx";
import { useUniversityWords } from "../../words/university.ts";
import { useWords } from "../../words/words.ts";

const key = ["bank", "accounts"];
const ask = (page: { readonly cursor?: string }) => unwrap(bankApi.admin["cafe-bank-accounts"].$get({ query: { limit: 50, ...page } }));
type Account = Awaited<ReturnType<typeof ask>>["items"][number];
const tones = { pending: "wait", approved: "act", rejected: "no" } as const;
const one = bankApi.admin["cafe-bank-accounts"][":cafeBankAccountId"];

/** Where each café's money goes: one person of finance enters it, another one agrees. */
export function BankAccounts({ isFinance }: { readonly isFinance: boolean }) {
  const w = useWords();
  const { dayAndTime } = useDates();
  const u = useUniversityWords();
  const session = useStaffSession();
  const me = session.kind === "in" ? session.user.id : "";
  const [isAsking, setIsAsking] = useState(false);
  const cafes = useQuery(allCafesQuery);
  const nameOf = (cafeId: string) => cafes.data?.items.find(({ id }) => id === cafeId)?.name ?? cafeId;
  const list = useList<Account>(key, ask);
  const decide = useMutation({
    mutationFn: ({ id, how }: { readonly id: string; readonly how: "approve" | "reject" }) => {
      const param = { cafeBankAccountId: id };
      return unwrap(how === "approve" ? one.approve.$post({ param }) : one.reject.$post({ param }));
    },
    onSettled: () => refresh(...key),
  });
  return (
    <>
      <p className="soft">{u.bank.accountsWhat}</p>
      {isFinance && (
        <div className="row">
          <button type="button" className="button button-small" disabled={!cafes.data} onClick={() => setIsAsking(true)}>
            {u.bank.askAccount}
          </button>
        </div>
      )}
      <ErrorNote error={decide.error ?? cafes.error} />
      <ListView
        list={list}
        caption={u.bank.views.accounts}
        keyOf={({ id }) => id}
        empty={{ title: u.bank.noAccounts, what: u.bank.noAccountsWhat }}
        columns={[
          { label: w.app.cafe, cell: ({ cafe_id }) => <strong>{nameOf(cafe_id)}</strong> },
          { label: u.bank.holder, cell: ({ holder }) => holder },
          { label: u.bank.iban, cell: ({ iban }) => <code>{iban.replaceAll(/(.{4})(?=.)/g, "$1 ")}</code> },
          { label: w.app.when, cell: ({ created_at }) => dayAndTime(created_at) },
          { label: w.app.status, cell: ({ status }) => <Chip tone={tones[status]}>{u.bank.accountStates[status]}</Chip> },
        ]}
        {...(isFinance
          ? {
              actions: ({ id, status, requested_by }: Account) =>
                status === "pending" && (
                  <>
                    {requested_by !== me && (
                      <Sure
                        label={u.approve.yes}
                        sure={u.bank.accountSure}
                        isPending={decide.isPending}
                        onSure={() => decide.mutate({ id, how: "approve" })}
                      />
                    )}
                    <Sure
                      label={requested_by === me ? u.credits.takeBack : u.approve.no}
                      sure={requested_by === me ? u.credits.takeBackSure : u.credits.noSure}
                      isPending={decide.isPending}
                      onSure={() => decide.mutate({ id, how: "reject" })}
                    />
                  </>
                ),
            }
          : {})}
      />
      {isAsking && (
        <FormSheet
          title={u.bank.askAccount}
          what={u.bank.askAccountWhat}
          fields={[
            { name: "cafe_id", label: w.app.cafe, options: (cafes.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })) },
            { name: "holder", label: u.bank.holder, most: 70 },
            { name: "iban", label: u.bank.iban, most: 42 },
          ]}
          submit={u.adjustments.send}
          onSubmit={async ({ cafe_id = "", holder = "", iban = "" }) => {
            await unwrap(bankApi.admin["cafe-bank-accounts"].$post({ json: { cafe_id, holder, iban } }));
            await refresh(...key);
          }}
          onClose={() => setIsAsking(false)}
        />
      )}
    </>
  );
}
