import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

/** Who had the word over what opens this account of the university: the two are one pair of eyes for some days. */
export async function noteOpening(tx: Transaction, staffId: string, openedBy: readonly string[]): Promise<void> {
  await tx.run(sql`
    insert into staff_openings (staff_id, opened_by) select ${staffId}::uuid, opener from unnest(${openedBy}::uuid[]) o (opener) where opener <> ${staffId}`);
}

/**
 * Of two who have to agree, neither may have made or reset the other's account of late: whoever reads a one-time password is both.
 * What one did long ago, the other would have noticed by now.
 */
export async function refuseOneBehindTwo(
  tx: Transaction,
  { FOUR_EYES_DAYS }: Pick<Config, "FOUR_EYES_DAYS">,
  first: string,
  second: string,
): Promise<void> {
  const opened = await tx.row<{ until: Date }>(sql`
    select max(at) + make_interval(days => ${FOUR_EYES_DAYS}) as until from staff_openings
    where ((staff_id = ${first} and opened_by = ${second}) or (staff_id = ${second} and opened_by = ${first}))
      and at > now() - make_interval(days => ${FOUR_EYES_DAYS})
    having count(*) > 0`);
  if (opened)
    throw new CodedError("INSUFFICIENT_ROLE", "One of you two made or reset the other's account of late: a third person must agree.", {
      details: { because: "account_opened", until: opened.until.toISOString() },
    });
}
