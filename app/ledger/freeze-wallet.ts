import { audit } from "../platform/audit.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { openWallet } from "./open-wallet.ts";
import { type Wallet, walletOf } from "./wallet.ts";

interface Input {
  readonly studentId: string;
  readonly to: "frozen" | "active";
  readonly requestId: string;
}

/**
 * Freezes or thaws the wallet under its own row lock, so that each debit is before or after. What it holds stays, and it may
 * still receive. Thawing needs no more than freezing: a stolen token alone cannot confirm where the phone's key is
 * registered, a student at the counter must not be locked out by a lost SMS, and the audit trail shows who did it when.
 */
export async function setWalletStatus(tx: Transaction, config: Config, { studentId, to, requestId }: Input): Promise<Wallet> {
  const from = to === "frozen" ? "active" : "frozen";
  await openWallet(tx, studentId, config.CAMPUS_CURRENCY);
  const changed = await tx.run(
    sql`update wallets set status = ${to}, updated_at = now() where student_id = ${studentId} and status = ${from}`,
  );
  const wallet = await walletOf(tx, studentId, config.CAMPUS_TIME_ZONE);
  if (wallet?.status !== to) throw new CodedError("INVALID_TRANSITION", `The wallet is ${wallet?.status}.`);
  if (changed === 1)
    await audit(tx, {
      actorKind: "student",
      actorId: studentId,
      action: to === "frozen" ? "wallet.frozen" : "wallet.unfrozen",
      objectKind: "wallet",
      objectId: studentId,
      requestId,
    });
  return wallet;
}
