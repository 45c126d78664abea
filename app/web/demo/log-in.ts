import { authClient } from "../shared/api/clients.ts";
import { plainFetch, unwrap } from "../shared/api/request.ts";
import { askForCode, logIn, logOut, openSession, studentSession } from "../shared/session/student.ts";

export interface DemoCampus {
  readonly students: readonly { readonly id: string; readonly phone: string; readonly card_uid: string | null }[];
  readonly staff: readonly {
    readonly username: string;
    readonly password: string;
    readonly role: string;
    readonly cafe_id: string | null;
  }[];
  readonly devices: readonly { readonly id: string; readonly key: string; readonly cafe_id: string }[];
}

const auth = authClient(plainFetch);
const tries = 40;
const everyMs = 250;

export async function readCampus(): Promise<DemoCampus> {
  const answer = await plainFetch("/demo/campus.json");
  if (!answer.ok) throw new Error("This is not the sandbox.");
  return (await answer.json()) as DemoCampus;
}

/** As the student would: ask for a code, read it, type it. What the frames then use is the session that this made. */
export async function logInStudent(phone: string): Promise<void> {
  await openSession();
  const session = studentSession();
  if (session.kind === "in" && session.student.phone === phone) return;
  if (session.kind === "in") await logOut();
  const before = await newestCode(phone);
  await askForCode(phone);
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const code = await newestCode(phone);
    if (code && code.id !== before?.id) return void (await logIn(phone, code.otp));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error("No code came.");
}

async function newestCode(phone: string): Promise<{ id: string; otp: string } | undefined> {
  const answer = await plainFetch(`/sandbox/messages?${new URLSearchParams({ to: phone, channel: "sms" })}`);
  const { items } = (await answer.json()) as { items: { id: string; data?: { otp?: string } }[] };
  const newest = items.find(({ data }) => data?.otp);
  return newest?.data?.otp ? { id: newest.id, otp: newest.data.otp } : undefined;
}

export const enrolTill = ({ id, key }: DemoCampus["devices"][number]): void =>
  localStorage.setItem("campus.pos.device", JSON.stringify({ id, key }));

export const logInStaff = ({ username, password }: DemoCampus["staff"][number]) =>
  unwrap(auth.admin.auth.login.$post({ json: { username, password }, header: { "x-session": "cookie" } }));
