import type { Student } from "./log-in.ts";
import { logInStaff } from "./log-in.ts";
import { bodyOf, send, sendAll } from "./request.ts";

export function readBalanceMinor(student: Student): number {
  const answer = send("GET", "/wallet", { as: student.token, name: "wallet", expected: [200] });
  return bodyOf<{ balance_minor: number }>(answer, [200]).balance_minor;
}

/** How many debits of this charge the student's statement shows. */
export function countDebits(student: Student, chargeId: string): number {
  const answer = send("GET", "/wallet/statement?limit=100", { as: student.token, name: "statement", expected: [200] });
  return bodyOf<{ items: { charge_id: string | null }[] }>(answer, [200]).items.filter(({ charge_id }) => charge_id === chargeId).length;
}

/** Fills wallets up to an amount as the university does it: one of finance asks, another one approves. */
export function fillWallets(students: readonly Student[], upToMinor: number): void {
  const [asks, approves] = [logInStaff("finance", 0), logInStaff("finance", 1)];
  const wanted = students
    .map((student) => ({ student, amountMinor: upToMinor - readBalanceMinor(student) }))
    .filter(({ amountMinor }) => amountMinor > 0);
  const asked = sendAll(
    wanted.map(({ student, amountMinor }) => ({
      method: "POST",
      path: "/admin/adjustments",
      as: asks,
      body: { student_id: student.id, amount_minor: amountMinor, currency: "SEK", reason: "money for a load test" },
      headers: { "Idempotency-Key": crypto.randomUUID() },
      name: "fill a wallet",
      expected: [201],
    })),
  ).map((answer) => bodyOf<{ id: string }>(answer, [201]));
  const approved = sendAll(
    asked.map(({ id }) => ({
      method: "POST",
      path: `/admin/adjustments/${id}/approve`,
      as: approves,
      name: "fill a wallet",
      expected: [200],
    })),
  );
  for (const answer of approved) bodyOf(answer, [200]);
}
