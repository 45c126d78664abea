import { createHash } from "node:crypto";
import { compareSync, hashSync } from "bcryptjs";
import type { StaffRole } from "../../identity/access-token.ts";
import { passwordCost } from "../../identity/passwords.ts";
import { totpSealPurpose } from "../../identity/second-factor.ts";
import { totpSecretOf } from "../../identity/totp.ts";
import type { Platform } from "../../platform/context.ts";
import { type Database, sql } from "../../platform/postgres.ts";
import { seal } from "../../platform/seal.ts";
import { type Demo, type DemoPart, idOf, type SecretOf } from "./demo.ts";

const cafes = [
  {
    code: "AULA",
    name: "Café Aula",
    address: "Huvudbyggnaden, entréplan",
    people: { owner: "Karin Wallin", cashier: "Tova Ek", kitchen: "Marco Bianchi", delivery: "Samir Haddad" },
  },
  {
    code: "NORR",
    name: "Norra Matsalen",
    address: "Norra campus, hus 4",
    people: { owner: "Anders Norén", cashier: "Ida Lund", kitchen: "Chiara Ricci", delivery: "Emil Sjö" },
  },
  {
    code: "BIBL",
    name: "Bibliotekskaféet",
    address: "Biblioteket, plan 2",
    people: { owner: "Sara Hedin", cashier: "Noah Berg", kitchen: "Leila Amini", delivery: "Paolo Greco" },
  },
];
const rolesOfCafe = ["owner", "cashier", "kitchen", "delivery"] as const satisfies readonly StaffRole[];
const studentCount = 120;
const firstNames = ["Alva", "Nils", "Elsa", "Hugo", "Maja", "Luca", "Giulia", "Amir", "Sofia", "Oskar", "Priya", "Edvin"];
const lastNames = ["Lindqvist", "Berg", "Ek", "Rossi", "Sandberg", "Ahmed", "Holm", "Nyström", "Conti", "Dahl"];
const languages = ["sv", "sv", "sv", "en", "it"];

/** Cafés, students, staff and devices. A start sets their logins back to what it prints. */
export const addPeople: DemoPart = async (platform, demo, secretOf) => ({
  ...demo,
  cafes: await addCafes(platform),
  students: await addStudents(platform),
  staff: await addStaff(platform, secretOf),
  devices: await addDevices(platform, secretOf),
});

const cafeId = (code: string) => idOf(`cafe ${code}`);

async function addCafes({ db }: Platform): Promise<Demo["cafes"]> {
  for (const { code, name, address } of cafes)
    await db.run(sql`
      insert into cafes (id, code, name, address, status, time_zone, currency)
      values (${cafeId(code)}, ${code}, ${name}, ${address}, 'approved', 'Europe/Stockholm', 'SEK') on conflict do nothing`);
  return cafes.map(({ code, name }) => ({ id: cafeId(code), name, items: [] }));
}

async function addStudents({ db }: Platform): Promise<Demo["students"]> {
  const students = Array.from({ length: studentCount }, (_, index) => {
    const phone = `+467${String(index + 1).padStart(8, "0")}`;
    const name = `${firstNames[index % firstNames.length]} ${lastNames[index % lastNames.length]}`;
    return { id: idOf(`student ${phone}`), phone, name, language: languages[index % languages.length] };
  });
  await db.run(sql`
    insert into students (id, phone, name, language)
    select id, phone, name, language from jsonb_to_recordset(${JSON.stringify(students)}::jsonb)
      as wanted (id uuid, phone text, name text, language text)
    on conflict do nothing`);
  return students.map(({ id, phone }) => ({ id, phone, card_uid: null, balance_minor: 0 }));
}

interface WantedStaff {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly name: string;
  readonly role: StaffRole;
  readonly cafeId: string | null;
  readonly totpSecret: string;
}

async function addStaff({ db, secrets }: Platform, secretOf: SecretOf): Promise<Demo["staff"]> {
  const staff = (username: string, name: string, role: StaffRole, cafe: string | null): WantedStaff => {
    const ending = BigInt(`0x${secretOf(`password ${username}`).toString("hex")}`)
      .toString(36)
      .slice(0, 6);
    return {
      id: idOf(`staff ${username}`),
      username,
      password: `${username}-${ending}`,
      name,
      role,
      cafeId: cafe,
      totpSecret: totpSecretOf(secretOf(`totp ${username}`)),
    };
  };
  const wanted = [
    staff("admin", "Helena Strand", "admin", null),
    staff("finance-1", "Bo Kjellin", "finance", null),
    staff("finance-2", "Francesca Leone", "finance", null),
    ...cafes.flatMap(({ code, people }) =>
      rolesOfCafe.map((role) => staff(`${role}-${code.toLowerCase()}`, people[role], role, cafeId(code))),
    ),
  ];
  for (const member of await withoutPassword(db, wanted)) await writeStaff(db, member);
  await writeTotpSecrets(db, await secrets.get("SEAL_KEY"), wanted);
  return wanted.map(({ username, password, role, cafeId, totpSecret }) => ({
    username,
    password,
    role,
    cafe_id: cafeId,
    totp_secret: totpSecret,
  }));
}

/** Who is missing, or all where the first one's password is another: they are made from one secret, and each hash takes 60 ms. */
async function withoutPassword(db: Database, wanted: readonly WantedStaff[]): Promise<readonly WantedStaff[]> {
  const rows = await db.rows<{ id: string; passwordHash: string }>(
    sql`select id, password_hash from staff where id = any(${wanted.map(({ id }) => id)}::uuid[])`,
  );
  const hashes = new Map(rows.map(({ id, passwordHash }) => [id, passwordHash]));
  const [first] = wanted;
  const firstHash = first && hashes.get(first.id);
  const sameSecret = first !== undefined && firstHash !== undefined && compareSync(first.password, firstHash);
  return sameSecret ? wanted.filter(({ id }) => !hashes.has(id)) : wanted;
}

async function writeStaff(db: Database, { id, username, password, name, role, cafeId }: WantedStaff): Promise<void> {
  await db.run(sql`
    insert into staff (id, username, password_hash, name, role, cafe_id)
    values (${id}, ${username}, ${hashSync(password, passwordCost)}, ${name}, ${role}, ${cafeId})
    on conflict (username) do update set password_hash = excluded.password_hash, is_active = true, must_change_password = false, updated_at = now()`);
}

async function writeTotpSecrets(db: Database, sealKey: string, wanted: readonly WantedStaff[]): Promise<void> {
  for (const { id, totpSecret } of wanted)
    await db.run(sql`
      insert into staff_totp (staff_id, sealed_secret, confirmed_at) values (${id}, ${seal(sealKey, totpSealPurpose, totpSecret)}, now())
      on conflict (staff_id) do update set sealed_secret = excluded.sealed_secret, confirmed_at = excluded.confirmed_at`);
}

async function addDevices({ db }: Platform, secretOf: SecretOf): Promise<Demo["devices"]> {
  const devices = cafes.map(({ code }) => ({
    id: idOf(`device ${code} 1`),
    key: secretOf(`device ${code} 1`).toString("base64url"),
    cafe_id: cafeId(code),
    name: "Till 1",
  }));
  for (const { id, key, cafe_id, name } of devices)
    await db.run(sql`
      insert into devices (id, cafe_id, name, key_hash) values (${id}, ${cafe_id}, ${name}, ${createHash("sha256").update(key).digest()})
      on conflict (id) do update set key_hash = excluded.key_hash, revoked_at = null`);
  return devices.map(({ id, key, cafe_id }) => ({ id, key, cafe_id }));
}
