import { cardHash } from "../../cards/card-hash.ts";
import type { Platform } from "../../platform/context.ts";
import { sql, type Transaction } from "../../platform/postgres.ts";
import { type Demo, type DemoPart, idOf } from "./demo.ts";

const welcomeMinor = 50_000;

interface WantedStudent {
  readonly studentId: string;
  readonly adjustmentId: string;
  readonly cardId: string;
  readonly cardUid: string;
  readonly uidHash: string;
}

/** A card and a filled wallet for each demo student, where they are missing; what was spent since stays spent. */
export const addMoney: DemoPart = async (platform, demo) => {
  const { db, secrets, config } = platform;
  const pepper = await secrets.get("CARD_PEPPER");
  const wanted = demo.students.map(({ id, phone }): WantedStudent => {
    const cardUid = idOf(`card ${phone}`).slice(0, 8);
    return {
      studentId: id,
      adjustmentId: idOf(`welcome ${phone}`),
      cardId: idOf(`card ${phone}`),
      cardUid,
      uidHash: cardHash(pepper, cardUid).toString("hex"),
    };
  });
  await db.transaction(async (tx) => {
    await issueCards(tx, wanted);
    await openWallets(tx, wanted, config.CAMPUS_CURRENCY);
    await fillWallets(tx, wanted, config.CAMPUS_CURRENCY);
  });
  return { ...demo, students: await readStudents(platform, demo.students, wanted) };
};

/** A card that was replaced stays replaced; one that another pepper made is brought to this one. */
async function issueCards(tx: Transaction, wanted: readonly WantedStudent[]): Promise<void> {
  await tx.run(sql`
    insert into cards (id, student_id, uid_hash)
    select w."cardId", w."studentId", decode(w."uidHash", 'hex')
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) w ("cardId" uuid, "studentId" uuid, "uidHash" text)
    where exists (select from cards c where c.id = w."cardId") or not exists (select from cards c where c.student_id = w."studentId")
    on conflict (id) do update set uid_hash = excluded.uid_hash where cards.uid_hash <> excluded.uid_hash`);
}

async function openWallets(tx: Transaction, wanted: readonly WantedStudent[], currency: string): Promise<void> {
  await tx.run(sql`select open_wallet(id, ${currency}) from unnest(${wanted.map(({ studentId }) => studentId)}::uuid[]) id`);
}

/** Two people of finance, one adjustment a student. */
async function fillWallets(tx: Transaction, wanted: readonly WantedStudent[], currency: string): Promise<void> {
  const asked = await tx.rows<{ id: string }>(sql`
    insert into adjustments (id, student_id, amount_minor, currency, reason, requested_by)
    select w."adjustmentId", w."studentId", ${welcomeMinor}, ${currency}, 'welcome to the demo campus', ${idOf("staff finance-1")}
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) w ("adjustmentId" uuid, "studentId" uuid)
    on conflict (id) do nothing returning id`);
  await tx.run(sql`select approve_adjustment(id, ${idOf("staff finance-2")}) from unnest(${asked.map(({ id }) => id)}::uuid[]) id`);
}

async function readStudents({ db }: Platform, students: Demo["students"], wanted: readonly WantedStudent[]): Promise<Demo["students"]> {
  const rows = await db.rows<{ studentId: string; balanceMinor: number; cardInUse: boolean }>(sql`
    select w.student_id, w.balance_minor, c.id is not null as card_in_use from wallets w
      left join cards c on c.id = any(${wanted.map(({ cardId }) => cardId)}::uuid[]) and c.student_id = w.student_id and c.status in ('active', 'frozen')
    where w.student_id = any(${students.map(({ id }) => id)}::uuid[])`);
  const kept = new Map(rows.map((row) => [row.studentId, row]));
  const uids = new Map(wanted.map(({ studentId, cardUid }) => [studentId, cardUid]));
  return students.map(({ id, phone }) => ({
    id,
    phone,
    card_uid: kept.get(id)?.cardInUse ? (uids.get(id) ?? null) : null,
    balance_minor: kept.get(id)?.balanceMinor ?? 0,
  }));
}
