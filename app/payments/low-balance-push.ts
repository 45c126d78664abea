import type { PushSender } from "../notifications/push/push-sender.ts";
import type { Platform } from "../platform/context.ts";
import type { Language } from "../platform/languages.ts";
import { moneyText } from "../platform/money-text.ts";
import { sql } from "../platform/postgres.ts";
import type { LowBalance } from "./run-auto-top-up.ts";

interface Alert {
  readonly language: Language;
  readonly balanceMinor: number;
  readonly currency: string;
  readonly tokens: readonly string[];
}

const lifeMs = 3_600_000;

const words: Record<Alert["language"], (amount: string) => { title: string; body: string }> = {
  sv: (amount) => ({ title: "Lågt saldo", body: `Det finns ${amount} kvar. Öppna för att fylla på.` }),
  it: (amount) => ({ title: "Saldo basso", body: `Restano ${amount}. Apri per ricaricare.` }),
  en: (amount) => ({ title: "Low balance", body: `${amount} is left. Open to top up.` }),
};

/** Sent once for each time the balance fell below the line: two pushes with the same tag show as one, so a second try is not seen. */
export async function sendLowBalancePush(platform: Platform, sender: PushSender, { studentId, walletSeq }: LowBalance): Promise<void> {
  const alert = await platform.db.row<Alert>(sql`
    select s.language, w.balance_minor, w.currency, array(select token from push_tokens where student_id = s.id and is_active) as tokens
    from students s join wallets w on w.student_id = s.id
    where s.id = ${studentId} and s.notify_payments and w.balance_minor < w.low_balance_alert_minor`);
  if (!alert) return;
  const text = words[alert.language](moneyText(alert.language, alert.balanceMinor, alert.currency));
  const data = { type: "low_balance" };
  const outcomes = await Promise.all(
    alert.tokens.map((token) => sender.send({ token, ...text, data, lifeMs, tag: `low-balance-${walletSeq}` })),
  );
  for (const outcome of outcomes) platform.metrics.count("push_total", { outcome });
}
