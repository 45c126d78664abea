import { sql, type Transaction } from "../platform/postgres.ts";

/** Makes the student's wallet where there is none yet. Two at once make one. */
export async function openWallet(tx: Transaction, studentId: string, currency: string): Promise<void> {
  await tx.run(sql`
    insert into wallets (student_id, account_id, currency)
    select id, account_of('wallet', id, null, ${currency}), ${currency} from students
    where id = ${studentId} and not exists (select 1 from wallets where student_id = ${studentId})
    on conflict (student_id) do nothing`);
}
