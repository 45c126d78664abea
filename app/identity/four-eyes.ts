import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

interface Opening {
  readonly requestedBy: string;
  /** Who was shown the one-time password, and could be the person whom it is for. */
  readonly readBy: string;
}

/** Who had the word over what opens this account of the university: they are one pair of eyes with it for some days. */
export async function noteOpening(tx: Transaction, staffId: string, { requestedBy, readBy }: Opening): Promise<void> {
  await tx.run(sql`
    insert into staff_openings (staff_id, opened_by, reads_password)
    select ${staffId}::uuid, opener, reads
    from (values (${requestedBy}::uuid, false), (${readBy}::uuid, true)) o (opener, reads) where opener <> ${staffId}`);
}

/** The same of an account of a café, over which one person has the whole word. */
export const noteOpenedByOne = (tx: Transaction, staffId: string, manager: string): Promise<void> =>
  noteOpening(tx, staffId, { requestedBy: manager, readBy: manager });

/**
 * Of two who have to agree, neither may have made or reset the other's account of late, and nobody may stand behind both: whoever reads a
 * one-time password can be its owner, and through that account read the next one. What one did long ago, the owner would have noticed by now.
 */
export async function refuseOneBehindTwo(
  tx: Transaction,
  { FOUR_EYES_DAYS }: Pick<Config, "FOUR_EYES_DAYS">,
  first: string,
  second: string,
): Promise<void> {
  const opened = await tx.row<{ until: Date }>(sql`
    with recursive recent as (
      select staff_id, opened_by, reads_password, at from staff_openings where at > now() - make_interval(days => ${FOUR_EYES_DAYS})),
    behind (account, person) as (
      select account, account from unnest(array[${first}, ${second}]::uuid[]) a (account)
      union select b.account, r.opened_by from behind b join recent r on r.staff_id = b.person and r.reads_password)
    select max(at) + make_interval(days => ${FOUR_EYES_DAYS}) as until from recent
    where staff_id in (select person from behind) and (
      exists (select from behind a join behind b using (person) where a.account = ${first} and b.account = ${second})
      or exists (select from recent where (staff_id = ${first} and opened_by = ${second}) or (staff_id = ${second} and opened_by = ${first})))
    having count(*) > 0`);
  if (opened)
    throw new CodedError(
      "INSUFFICIENT_ROLE",
      "One person made or reset an account of you two of late and could be both: a third one must agree.",
      {
        details: { because: "account_opened", until: opened.until.toISOString() },
      },
    );
}
