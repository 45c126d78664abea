import { expect, test } from "vitest";
import { invariants } from "../../../../ledger/invariants.ts";
import { doubtsOf } from "./doubts.ts";

const student = "01900000-0000-7000-8000-000000000001";
const account = "01900000-0000-7000-8000-000000000002";

test("of what a check found the accounts are told with what should stand there and what does", () => {
  const found = [
    { id: "I2", sample: [{ student_id: student, balance_minor: 8_501, entries_minor: 8_500, last_seq: 2, entries: 2 }] },
    {
      id: "I3",
      sample: [
        { account_id: account, currency: "SEK", kept_minor: 5, entries_minor: 4 },
        { account_id: null, currency: "SEK", kept_minor: 1, entries_minor: 0 },
      ],
    },
    { id: "I5", sample: [{ order_id: student, debits: 2 }] },
    {
      id: "I23",
      sample: [
        { student_id: student, document_id: null, minor: 300 },
        { student_id: student, document_id: account, minor: 5, problem: "a dispute that is not borne in full" },
      ],
    },
  ];
  expect(doubtsOf(found)).toEqual([
    { rule: "I2", kind: "wallet", studentId: student, expectedMinor: 8_500, foundMinor: 8_501 },
    { rule: "I3", accountId: account, currency: "SEK", expectedMinor: 4, foundMinor: 5 },
    { rule: "I3", currency: "SEK", expectedMinor: 0, foundMinor: 1 },
    { rule: "I23", kind: "receivables", studentId: student, expectedMinor: 0, foundMinor: 300 },
  ]);
});

test("the columns that are read are those that the rules give", () => {
  const sqlOf = (id: string) => invariants.find((one) => one.id === id)?.sql ?? "";
  for (const [id, columns] of Object.entries({
    I2: ["student_id", "balance_minor", "entries_minor"],
    I3: ["account_id", "currency", "kept_minor", "entries_minor"],
    I4: ["student_id", "balance_minor"],
    I22: ["kind", "currency", "documented_minor", "kept_minor"],
    I23: ["student_id", "document_id", "as minor"],
  }))
    for (const column of columns) expect(sqlOf(id), `${id} ${column}`).toContain(column);
});
