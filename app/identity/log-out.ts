import type { Platform } from "../platform/context.ts";
import { endSessions } from "./end-sessions.ts";
import type { Identity } from "./identity.ts";

export async function logOut({ db }: Platform, identity: Pick<Identity, "sessionsEnded">, sessionId: string): Promise<void> {
  identity.sessionsEnded(await endSessions(db, { sessionId }, "logout"));
}
