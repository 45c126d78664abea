import type { Actor } from "../identity/actor.ts";
import {
  approveProposal,
  lockForSecond,
  noteProposal,
  type Proposal,
  type ProposalStatus,
  type ProposalTable,
  readProposal,
} from "../identity/proposal.ts";
import type { Config } from "../platform/config.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { part, sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import { readIban } from "../settlements/iban.ts";

/** Where a café's money goes; the last one that two people agreed to holds. */
export interface CafeAccount extends Proposal {
  readonly status: ProposalStatus;
  readonly cafeId: string;
  readonly holder: string;
  /** Without spaces. */
  readonly iban: string;
  readonly decidedBy: string | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
}

export const cafeAccounts: ProposalTable<CafeAccount> = {
  called: "The café's bank account",
  table: part`cafe_bank_accounts`,
  columns: part`id, cafe_id, holder, iban, status, requested_by, decided_by, created_at, decided_at`,
  objectKind: "cafe_bank_account",
  actions: { pending: "cafe_bank_account.requested", approved: "cafe_bank_account.approved", rejected: "cafe_bank_account.rejected" },
  // Whoever reads the trail need not read the account.
  detailsOf: () => ({}),
};

interface Input {
  readonly cafeId: string;
  readonly holder: string;
  readonly iban: string;
}

export async function requestCafeAccount(
  tx: Transaction,
  config: Config,
  { cafeId, holder, iban }: Input,
  actor: Actor,
): Promise<CafeAccount> {
  const read = readIban(iban, config.CLOSE_OUT_COUNTRIES);
  if ("problem" in read)
    throw new CodedError("VALIDATION_ERROR", `The request does not fit: iban ${read.problem}`, {
      details: { fields: [{ field: "iban", problem: read.problem }] },
    });
  if (!(await tx.row(sql`select id from cafes where id = ${cafeId}`))) throw notFound("The café");
  const made = await tx
    .row<{ id: string }>(sql`
      insert into cafe_bank_accounts (cafe_id, holder, iban, requested_by)
      values (${cafeId}, ${holder}, ${read.iban.replaceAll(" ", "")}, ${actor.staffId}) returning id`)
    .catch((error: unknown) => {
      if (violatedConstraint(error) !== "cafe_bank_accounts_one_pending") throw error;
      throw new CodedError("CONFLICT", "Another account of this café waits for the second person: decide on that one first.", {
        cause: error,
      });
    });
  if (!made) throw new Error("The account was not written.");
  const account = await readProposal(tx, cafeAccounts, made.id);
  await noteProposal(tx, cafeAccounts, account, "pending", actor);
  return account;
}

export async function approveCafeAccount(tx: Transaction, config: Config, id: string, actor: Actor): Promise<CafeAccount> {
  await lockForSecond(tx, config, cafeAccounts, id, actor);
  return approveProposal(tx, cafeAccounts, id, actor);
}
