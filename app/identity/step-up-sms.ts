import { SmsRefused, type SmsSender } from "../notifications/sms/sender.ts";
import type { Platform } from "../platform/context.ts";
import type { Language } from "../platform/languages.ts";
import { type OutboxRow, type Topics, Undeliverable } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { unseal } from "../platform/seal.ts";
import { type StepUpPurpose, stepUpSealPurpose } from "./step-up.ts";

interface Asked {
  readonly phone: string;
  readonly language: Language;
  readonly purpose: StepUpPurpose;
  readonly deed: string;
}

export function stepUpSmsTopic(platform: Platform, sms: SmsSender): Topics[string] {
  return { deliver: (row, signal) => deliverCode(platform, sms, row, signal), timeoutMs: 10_000, maxTries: 8, lane: "urgent", scrub: true };
}

async function deliverCode({ db, secrets }: Platform, sms: SmsSender, row: OutboxRow, signal: AbortSignal): Promise<void> {
  const { step_up_id: id, sealed } = row.payload as { step_up_id: string; sealed: string };
  const asked = await db.row<Asked>(sql`
    select s.phone, s.language, u.purpose, u.deed from step_ups u join students s on s.id = u.student_id and s.is_active
    where u.id = ${id} and u.used_at is null and u.expires_at > clock_timestamp()`);
  if (!asked) return;
  const otp = unseal(await secrets.get("SEAL_KEY"), stepUpSealPurpose, sealed);
  const { what, warning } = words[asked.language];
  const text = `${otp}: ${what[asked.purpose](asked.deed.split("\n").slice(1))}. ${warning}`;
  try {
    await sms.send({ to: asked.phone, text, otp }, signal);
  } catch (error) {
    if (error instanceof SmsRefused && error.permanent) throw new Undeliverable(error.message, { cause: error });
    throw error;
  }
}

interface Words {
  readonly what: Record<StepUpPurpose, (lines: readonly string[]) => string>;
  readonly warning: string;
}

const ending = (account = ""): string => account.slice(-4);

/** What is done stands in the message: whoever did not ask for it sees what a thief wants. */
const words: Record<Language, Words> = {
  sv: {
    what: {
      close_out: ([account, amount]) => `betala ut ${amount} från Campus Pay till kontot som slutar på ${ending(account)}`,
      limits: () => "höj eller ta bort din dagsgräns i Campus Pay",
      thaw_wallet: () => "tina upp din plånbok i Campus Pay",
      thaw_card: () => "tina upp ditt kort i Campus Pay",
      confirm_key: () => "låt en ny telefon betala från Campus Pay",
      auto_top_up: ([below, to]) => `fyll på Campus Pay från ditt betalkort till ${to} när saldot går under ${below}`,
    },
    warning: "Var det inte du? Ge inte koden till någon.",
  },
  it: {
    what: {
      close_out: ([account, amount]) => `versa ${amount} da Campus Pay sul conto che finisce con ${ending(account)}`,
      limits: () => "alza o togli il limite giornaliero di Campus Pay",
      thaw_wallet: () => "sblocca il tuo portafoglio Campus Pay",
      thaw_card: () => "sblocca la tua carta Campus Pay",
      confirm_key: () => "permetti a un nuovo telefono di pagare con Campus Pay",
      auto_top_up: ([below, to]) => `ricarica Campus Pay dalla tua carta fino a ${to} quando il saldo scende sotto ${below}`,
    },
    warning: "Non sei stato tu? Non dare il codice a nessuno.",
  },
  en: {
    what: {
      close_out: ([account, amount]) => `pay out ${amount} from Campus Pay to the account that ends in ${ending(account)}`,
      limits: () => "raise or clear your daily limit in Campus Pay",
      thaw_wallet: () => "thaw your Campus Pay wallet",
      thaw_card: () => "thaw your Campus Pay card",
      confirm_key: () => "let a new phone pay from Campus Pay",
      auto_top_up: ([below, to]) => `fill Campus Pay from your bank card up to ${to} when it falls below ${below}`,
    },
    warning: "Was it not you? Give this code to nobody.",
  },
};
