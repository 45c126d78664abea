import { createHash, randomBytes, randomInt } from "node:crypto";
import { hashSync } from "bcryptjs";
import type { Holder, StaffRole } from "../identity/access-token.ts";
import type { Identity } from "../identity/identity.ts";
import type { Language } from "../platform/languages.ts";
import { type Database, sql } from "../platform/postgres.ts";
import { type Api, callAs } from "./api-client.ts";

export interface TestCafe {
  readonly id: string;
  readonly code: string;
  readonly name: string;
}

export interface TestStudent {
  readonly id: string;
  readonly phone: string;
  readonly sessionId: string;
  readonly token: string;
  readonly api: Api;
}

export interface TestStaff {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly role: StaffRole;
  readonly cafeId: string | null;
  readonly sessionId: string;
  readonly token: string;
  readonly api: Api;
}

export interface TestDevice {
  readonly id: string;
  readonly key: string;
  readonly cafeId: string;
  readonly authorization: string;
  readonly api: Api;
}

export interface CafeOptions {
  readonly name?: string;
  readonly status?: "pending" | "approved" | "suspended";
  readonly timeZone?: string;
}

export interface StudentOptions {
  readonly phone?: string;
  readonly name?: string | null;
  readonly language?: Language;
}

export interface People {
  cafe(options?: CafeOptions): Promise<TestCafe>;
  /** Signed in, as after the login by SMS. */
  student(options?: StudentOptions): Promise<TestStudent>;
  /** Signed in; a café is needed for all but finance and admin. */
  staff(role: StaffRole, cafe?: Pick<TestCafe, "id">): Promise<TestStaff>;
  device(cafe: Pick<TestCafe, "id">): Promise<TestDevice>;
  /** A phone that nobody has yet. */
  newPhone(): string;
}

interface PeopleParts {
  readonly owner: Database;
  readonly identity: Pick<Identity, "signAccessToken">;
  readonly api: Api;
}

/** The shortest way to a campus with people in it: rows written by the schema's owner, tokens signed with the real keys. */
export function createPeople({ owner, identity, api }: PeopleParts): People {
  let made = 0;
  const newPhone = () => {
    made += 1;
    return `+4673${String(randomInt(1_000)).padStart(3, "0")}${String(made).padStart(5, "0")}`;
  };
  const signIn = (holder: Holder) => {
    const token = identity.signAccessToken(holder);
    return { sessionId: holder.sessionId, token, api: callAs(api, `Bearer ${token}`) };
  };
  return {
    newPhone,
    async cafe({ name = "Café Test", status = "approved", timeZone = "Europe/Stockholm" } = {}) {
      // 36⁵ codes: of a million two of three hundred cafés were the same now and then.
      const code = `T${randomInt(36 ** 5)
        .toString(36)
        .padStart(5, "0")
        .toUpperCase()}`;
      return inserted(
        await owner.row<TestCafe>(sql`
          insert into cafes (code, name, status, time_zone, currency) values (${code}, ${name}, ${status}, ${timeZone}, 'SEK')
          returning id, code, name`),
      );
    },
    async student({ phone = newPhone(), name = null, language = "en" } = {}) {
      const { id } = inserted(
        await owner.row<{ id: string }>(
          sql`insert into students (phone, name, language) values (${phone}, ${name}, ${language}) returning id`,
        ),
      );
      const session = inserted(await owner.row<{ id: string }>(sql`insert into sessions (student_id) values (${id}) returning id`));
      return { id, phone, ...signIn({ kind: "student", id, sessionId: session.id }) };
    },
    async staff(role, cafe) {
      const username = `${role}-${randomBytes(4).toString("hex")}`;
      const password = randomBytes(9).toString("base64url");
      const cafeId = cafe?.id ?? null;
      // The cheapest cost that bcrypt has: the login reads it from the hash.
      const { id } = inserted(
        await owner.row<{ id: string }>(sql`
          insert into staff (username, password_hash, name, role, cafe_id)
          values (${username}, ${hashSync(password, 4)}, ${`The ${role}`}, ${role}, ${cafeId}) returning id`),
      );
      const session = inserted(await owner.row<{ id: string }>(sql`insert into sessions (staff_id) values (${id}) returning id`));
      return { id, username, password, role, cafeId, ...signIn({ kind: "staff", id, sessionId: session.id, role, cafeId }) };
    },
    async device(cafe) {
      const key = randomBytes(32).toString("base64url");
      const keyHash = createHash("sha256").update(key).digest();
      const { id } = inserted(
        await owner.row<{ id: string }>(
          sql`insert into devices (cafe_id, name, key_hash) values (${cafe.id}, 'Test till', ${keyHash}) returning id`,
        ),
      );
      const authorization = `Device ${id}.${key}`;
      return { id, key, cafeId: cafe.id, authorization, api: callAs(api, authorization) };
    },
  };
}

function inserted<T>(row: T | undefined): T {
  if (row === undefined) throw new Error("The insert returned no row.");
  return row;
}
