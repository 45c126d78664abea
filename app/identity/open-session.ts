import { createHash, randomBytes } from "node:crypto";
import type { Config } from "../platform/config.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { Holder, StaffRole } from "./access-token.ts";

export type User =
  | { readonly kind: "student"; readonly id: string; readonly phone: string; readonly name: string | null }
  | {
      readonly kind: "staff";
      readonly id: string;
      readonly username: string;
      readonly name: string;
      readonly role: StaffRole;
      readonly cafeId: string | null;
    };

/** A login's outcome: whose it is, and the token that renews it. */
export interface Session {
  readonly id: string;
  readonly user: User;
  readonly refreshToken: string;
}

export async function openSession(tx: Transaction, config: Pick<Config, "REFRESH_TOKEN_SECONDS">, user: User): Promise<Session> {
  const [studentId, staffId] = user.kind === "student" ? [user.id, null] : [null, user.id];
  const row = await tx.row<{ id: string }>(sql`insert into sessions (student_id, staff_id) values (${studentId}, ${staffId}) returning id`);
  if (!row) throw new Error("The session was not written.");
  return { id: row.id, user, refreshToken: await addRefreshToken(tx, config, row.id) };
}

/** A refresh token is 32 random bytes, so a plain hash keeps it. */
export async function addRefreshToken(
  tx: Transaction,
  config: Pick<Config, "REFRESH_TOKEN_SECONDS">,
  sessionId: string,
  token = randomBytes(32).toString("base64url"),
): Promise<string> {
  await tx.run(sql`
    insert into refresh_tokens (token_hash, session_id, expires_at)
    values (${hashRefreshToken(token)}, ${sessionId}, now() + make_interval(secs => ${config.REFRESH_TOKEN_SECONDS}))`);
  return token;
}

export const hashRefreshToken = (token: string): Buffer => createHash("sha256").update(token).digest();

export const holderOfSession = ({ id: sessionId, user }: Session): Holder =>
  user.kind === "student"
    ? { kind: "student", id: user.id, sessionId }
    : { kind: "staff", id: user.id, sessionId, role: user.role, cafeId: user.cafeId };
