import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";
import { hasSocket } from "./presence.ts";

export type Reach = "ws" | "push";

/** How a request can reach the student's phone at this moment. With none, the counter shows the code at once. */
export async function isReachable(platform: Platform, studentId: string): Promise<Reach[]> {
  const [socket, token] = await Promise.all([
    hasSocket(platform, studentId),
    platform.db.row<{ found: boolean }>(
      sql`select exists (select from push_tokens where student_id = ${studentId} and is_active) as found`,
    ),
  ]);
  return [...(socket ? (["ws"] as const) : []), ...(token?.found ? (["push"] as const) : [])];
}
