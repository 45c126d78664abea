import { createHash, randomBytes } from "node:crypto";
import { type Holder, type StaffRole, signAccessToken } from "../../app/identity/access-token.ts";
import { parseKeyring } from "../../app/identity/keyring.ts";
import { asSuperuser } from "../../app/local/roles.ts";
import type { LocalSystem } from "../bench/local-system.ts";

/** One person or device of each kind in a new café, with the credential that it sends. */
export async function makeCallers({ cluster, database, env }: LocalSystem, issuer: string): Promise<Record<string, string>> {
  const keyring = parseKeyring(env.JWT_KEYS ?? "");
  const bearer = (holder: Holder) => `Bearer ${signAccessToken(keyring, holder, { issuer, lifeSeconds: 7_200, nowMs: Date.now() })}`;
  return asSuperuser(cluster, database, async (client) => {
    const insert = async (statement: string, values: readonly unknown[] = []) => {
      const { rows } = await client.query<{ id: string }>(`${statement} returning id`, [...values]);
      return rows[0]?.id ?? "";
    };
    const cafeId = await insert("insert into cafes (code, name, status, currency) values ('PROP', 'Property café', 'approved', 'SEK')");
    const staff = async (role: StaffRole, cafe: string | null) => {
      const id = await insert("insert into staff (username, password_hash, name, role, cafe_id) values ($1, 'none', $1, $1, $2)", [
        role,
        cafe,
      ]);
      const sessionId = await insert("insert into sessions (staff_id) values ($1)", [id]);
      return bearer({ kind: "staff", id, sessionId, role, cafeId: cafe });
    };
    const studentId = await insert("insert into students (phone) values ('+46731110000')");
    const sessionId = await insert("insert into sessions (student_id) values ($1)", [studentId]);
    const key = randomBytes(32).toString("base64url");
    const keyHash = createHash("sha256").update(key).digest();
    const deviceId = await insert("insert into devices (cafe_id, name, key_hash) values ($1, 'Till', $2)", [cafeId, keyHash]);
    return {
      student: bearer({ kind: "student", id: studentId, sessionId }),
      owner: await staff("owner", cafeId),
      kitchen: await staff("kitchen", cafeId),
      finance: await staff("finance", null),
      admin: await staff("admin", null),
      device: `Device ${deviceId}.${key}`,
    };
  });
}
