import { sleep } from "k6";
import { campus, type DemoStudent, present, staffWithRole } from "./campus.ts";
import { type Answer, bodyOf, send, sendAll } from "./request.ts";

/** A student who is logged in, with the card in the hand. */
export interface Student extends DemoStudent {
  readonly token: string;
}

interface Message {
  readonly id: string;
  readonly data: { readonly otp?: string };
}

const smsDeadlineMs = 60_000;
const pollSeconds = 0.2;

/** Logs students in as their phones do: a one-time password by SMS, read from the sandbox. */
export function logInStudents(students: readonly DemoStudent[], askAll = sendAll): Student[] {
  const seen = newestCodes(students);
  const asked = askAll(
    students.map(({ phone }) => ({ method: "POST", path: "/auth/request-otp", body: { phone }, name: "log in", expected: [200] })),
  );
  for (const answer of asked) bodyOf(answer, [200]);
  const passwords = awaitPasswords(students, seen);
  const verified = askAll(
    students.map(({ phone }, index) => ({
      method: "POST",
      path: "/auth/verify-otp",
      body: { phone, otp: passwords[index] },
      name: "log in",
      expected: [200],
    })),
  );
  return students.map((student, index) => {
    const { access_token } = bodyOf<{ access_token: string }>(present(verified[index], "answer"), [200]);
    return { ...student, token: `Bearer ${access_token}` };
  });
}

function awaitPasswords(students: readonly DemoStudent[], seen: readonly (Message | undefined)[]): string[] {
  const deadlineMs = Date.now() + smsDeadlineMs;
  for (;;) {
    const passwords = newestCodes(students).map((message, index) => (message?.id === seen[index]?.id ? undefined : message?.data.otp));
    if (passwords.every((otp) => otp !== undefined)) return passwords as string[];
    if (Date.now() > deadlineMs) throw new Error(`Not every one-time password was sent within ${smsDeadlineMs / 1000} s.`);
    sleep(pollSeconds);
  }
}

/** The newest that holds a code: notices come by SMS too. */
function newestCodes(students: readonly DemoStudent[]): (Message | undefined)[] {
  const answers: Answer[] = sendAll(
    students.map(({ phone }) => ({
      method: "GET",
      base: campus.base_url,
      path: `/sandbox/messages?channel=sms&limit=10&to=${encodeURIComponent(phone)}`,
      name: "log in",
      expected: [200],
    })),
  );
  return answers.map((answer) => bodyOf<{ items: Message[] }>(answer, [200]).items.find(({ data }) => data.otp !== undefined));
}

/** Logs one of the staff in; `index` picks among those of the role. */
export function logInStaff(role: string, index = 0): string {
  const { username, password } = present(staffWithRole(role)[index], `${role} number ${index + 1}`);
  const answer = send("POST", "/admin/auth/login", { body: { username, password }, name: "log in", expected: [200] });
  return `Bearer ${bodyOf<{ access_token: string }>(answer, [200]).access_token}`;
}
