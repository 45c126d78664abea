import { ApiError, errorOf, type Fetch } from "../api/request.ts";

/** Where the server refused or was not reached, the session is still open: this throws, and the page stays. A 401 says that it has ended. */
export async function sendLogOut(fetch: Fetch): Promise<void> {
  try {
    const answer = await fetch("/api/v1/auth/logout", { method: "POST" });
    if (!answer.ok) throw await errorOf(answer);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  }
}
