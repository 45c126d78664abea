import type { Language } from "../../platform/languages.ts";
import { moneyText } from "../../platform/money-text.ts";

export interface ChargeWords {
  readonly cafeName: string;
  readonly amountMinor: number;
  readonly currency: string;
}

const questions: Record<Language, (amount: string) => string> = {
  sv: (amount) => `Betala ${amount}? Öppna för att bekräfta.`,
  it: (amount) => `Pagare ${amount}? Apri per confermare.`,
  en: (amount) => `Pay ${amount}? Open to confirm.`,
};

/** What the lock screen shows: the café and the amount, which anyone beside the student may read, and nothing else. */
export function chargeText(language: Language, { cafeName, amountMinor, currency }: ChargeWords): { title: string; body: string } {
  return { title: cafeName, body: questions[language](moneyText(language, amountMinor, currency)) };
}
