import { keepNote, type Note } from "../ledger/note.ts";
import { openWallet } from "../ledger/open-wallet.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { validationError } from "../platform/http/router.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

interface Input {
  readonly studentId: string;
  readonly gateway: string;
  readonly amountMinor: number;
  readonly saveMethod: boolean;
  readonly note: Note;
}

/** Writes what is to be collected and gives its id; the gateway is asked after the commit. */
export async function requestTopUp(tx: Transaction, config: Config, input: Input): Promise<string> {
  refuseAmount(config, input.amountMinor);
  await openWallet(tx, input.studentId, config.CAMPUS_CURRENCY);
  const wallet = await tx.row<{ status: string; currency: string; balanceMinor: number }>(
    sql`select status, currency, balance_minor from wallets where student_id = ${input.studentId}`,
  );
  if (!wallet || wallet.status === "closed") throw new CodedError("CONFLICT", "The wallet is closed and receives nothing.");
  if (wallet.balanceMinor + input.amountMinor > config.WALLET_MAX_MINOR)
    throw new CodedError("SPEND_LIMIT_REACHED", `A wallet is not filled above ${config.WALLET_MAX_MINOR}.`, {
      details: { balance_minor: wallet.balanceMinor, max_minor: config.WALLET_MAX_MINOR },
    });
  const written = await tx.row<{ id: string }>(sql`
    insert into gateway_orders (gateway, purpose, student_id, amount_minor, currency, save_method, wallet_max_minor)
    values (${input.gateway}, 'top_up', ${input.studentId}, ${input.amountMinor}, ${wallet.currency}, ${input.saveMethod}, ${config.WALLET_MAX_MINOR}) returning id`);
  if (!written) throw new Error("The top-up was not written.");
  await keepNote(tx, { document: "gateway_orders", documentId: written.id, cafeId: null }, input.note);
  return written.id;
}

export function refuseAmount({ TOP_UP_MIN_MINOR, TOP_UP_MAX_MINOR }: Config, amountMinor: number): void {
  if (amountMinor >= TOP_UP_MIN_MINOR && amountMinor <= TOP_UP_MAX_MINOR) return;
  throw validationError("json", [{ path: ["amount_minor"], message: `must be between ${TOP_UP_MIN_MINOR} and ${TOP_UP_MAX_MINOR}` }]);
}
