export interface Invariant {
  readonly id: string;
  readonly sample: readonly Readonly<Record<string, unknown>>[];
}

/** An account that holds something else than it should, as a rule of the books found it. */
export interface Doubt {
  readonly rule: string;
  readonly kind?: string;
  readonly studentId?: string;
  readonly accountId?: string;
  readonly currency?: string;
  readonly expectedMinor: number;
  readonly foundMinor: number;
}

type Row = Readonly<Record<string, unknown>>;

/** Of the rules that compare an account with what should stand on it, how their lines are read; the others tell of orders and documents. */
const readers: Readonly<Record<string, (row: Row) => Omit<Doubt, "rule">>> = {
  I2: (row) => ({ kind: "wallet", ...about(row), expectedMinor: number(row.entries_minor), foundMinor: number(row.balance_minor) }),
  I3: (row) => ({ ...about(row), expectedMinor: number(row.entries_minor), foundMinor: number(row.kept_minor) }),
  I4: (row) => ({ kind: "wallet", ...about(row), expectedMinor: 0, foundMinor: number(row.balance_minor) }),
  I22: (row) => ({
    kind: String(row.kind),
    ...about(row),
    expectedMinor: number(row.documented_minor),
    foundMinor: number(row.kept_minor),
  }),
  I23: (row) => ({ kind: "receivables", ...about(row), expectedMinor: 0, foundMinor: number(row.minor) }),
};

export const doubtsOf = (invariants: readonly Invariant[]): Doubt[] =>
  invariants.flatMap(({ id, sample }) => {
    const read = readers[id];
    // Of I23 only a debt that was paid too often is an account's; its other lines are documents'.
    const rows = id === "I23" ? sample.filter(({ document_id }) => document_id === null) : sample;
    return read ? rows.map((row) => ({ rule: id, ...read(row) })) : [];
  });

const number = (cell: unknown): number => (typeof cell === "number" ? cell : 0);

const about = ({ student_id, account_id, currency }: Row): Pick<Doubt, "studentId" | "accountId" | "currency"> => ({
  ...(typeof student_id === "string" && { studentId: student_id }),
  ...(typeof account_id === "string" && { accountId: account_id }),
  ...(typeof currency === "string" && { currency }),
});
