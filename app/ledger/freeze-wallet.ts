import { type Deed, type ProvenStepUp, spendStepUp } from "../identity/step-up.ts";
import { tellStudent } from "../notifications/notices/tell-student.ts";
import { audit } from "../platform/audit.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { openWallet } from "./open-wallet.ts";
import { type Wallet, walletOf } from "./wallet.ts";

interface Input {
  readonly studentId: string;
  readonly to: "frozen" | "active";
  readonly stepUp?: ProvenStepUp | undefined;
  readonly requestId: string;
}

export const deedOfThawedWallet: Deed = { purpose: "thaw_wallet", lines: [] };

/**
 * Freezes or thaws the wallet under its own row lock, so that each debit is before or after. What it holds stays, and it may
 * still receive. Freezing needs the token alone, so that it is quick; thawing needs a code of the phone, or a thief would undo it.
 */
export async function setWalletStatus(tx: Transaction, config: Config, { studentId, to, stepUp, requestId }: Input): Promise<Wallet> {
  const from = to === "frozen" ? "active" : "frozen";
  await openWallet(tx, studentId, config.CAMPUS_CURRENCY);
  const changed = await tx.run(
    sql`update wallets set status = ${to}, updated_at = now() where student_id = ${studentId} and status = ${from}`,
  );
  const wallet = await walletOf(tx, studentId, config.CAMPUS_TIME_ZONE);
  if (wallet?.status !== to) throw new CodedError("INVALID_TRANSITION", `The wallet is ${wallet?.status}.`);
  if (changed === 1 && to === "active") {
    await spendStepUp(tx, stepUp, deedOfThawedWallet);
    await tellStudent(tx, studentId, "wallet_thawed");
  }
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
