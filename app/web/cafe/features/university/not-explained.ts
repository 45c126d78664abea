import { currentLanguage } from "../../../shared/words/language.ts";

/** What the reconciliation cannot explain, in the languages that the API does not speak: loaded with its page, where most never go. */
export const notExplained = {
  sv: {
    "collected by the gateway, not credited": "tagen av betalväxeln, inte bokförd",
    "credited with another amount": "bokförd med ett annat belopp",
    "credited, and the gateway does not know of it": "bokförd, och betalväxeln känner inte till den",
    "credited, not in the ledger": "bokförd som betald, men inte i huvudboken",
    "decided at the gateway, not in our books": "avgjord hos betalväxeln, inte i vår bok",
    "disputed at the gateway, not in our books": "omtvistad hos betalväxeln, inte i vår bok",
    "failed at the gateway, borne in our books": "misslyckad hos betalväxeln, buren i vår bok",
    "failed at the gateway, done in our books": "misslyckad hos betalväxeln, gjord i vår bok",
    "given back at the gateway, failed in our books": "återbetald hos betalväxeln, misslyckad i vår bok",
    "given back at the gateway, not in our books": "återbetald hos betalväxeln, inte i vår bok",
    "in our books with another amount": "i vår bok med ett annat belopp",
    "in the bank's statement with another amount": "i kontoutdraget med ett annat belopp",
    "in the bank's statement, unknown to our books": "i kontoutdraget, okänd i vår bok",
    "left for the bank without a settlement of this amount": "gick till banken utan en avräkning på detta belopp",
    "on its way for more than a week": "på väg sedan mer än en vecka",
    "paid out by the gateway, not in our books": "utbetald av betalväxeln, inte i vår bok",
    "paid twice by the bank": "betald två gånger av banken",
    "said to be paid, not in the ledger": "sägs vara betald, inte i huvudboken",
    "the ledger and the settlements differ": "huvudboken och avräkningarna skiljer sig",
    "told to the gateway, not in the ledger": "begärd hos betalväxeln, inte i huvudboken",
  },
  it: {
    "collected by the gateway, not credited": "incassata dal gateway, non accreditata",
    "credited with another amount": "accreditata con un altro importo",
    "credited, and the gateway does not know of it": "accreditata, e il gateway non la conosce",
    "credited, not in the ledger": "accreditata, ma non nel libro mastro",
    "decided at the gateway, not in our books": "decisa presso il gateway, non nei nostri libri",
    "disputed at the gateway, not in our books": "contestata presso il gateway, non nei nostri libri",
    "failed at the gateway, borne in our books": "fallito presso il gateway, sostenuto nei nostri libri",
    "failed at the gateway, done in our books": "fallito presso il gateway, eseguito nei nostri libri",
    "given back at the gateway, failed in our books": "rimborsato presso il gateway, fallito nei nostri libri",
    "given back at the gateway, not in our books": "rimborsato presso il gateway, non nei nostri libri",
    "in our books with another amount": "nei nostri libri con un altro importo",
    "in the bank's statement with another amount": "nell’estratto conto con un altro importo",
    "in the bank's statement, unknown to our books": "nell’estratto conto, sconosciuto ai nostri libri",
    "left for the bank without a settlement of this amount": "andato in banca senza una liquidazione di questo importo",
    "on its way for more than a week": "in viaggio da più di una settimana",
    "paid out by the gateway, not in our books": "versata dal gateway, non nei nostri libri",
    "paid twice by the bank": "pagato due volte dalla banca",
    "said to be paid, not in the ledger": "risulta pagata, non nel libro mastro",
    "the ledger and the settlements differ": "il libro mastro e le liquidazioni non coincidono",
    "told to the gateway, not in the ledger": "richiesto al gateway, non nel libro mastro",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Null where the API's own words are to be shown. */
export function saidOf(problem: string): string | null {
  const language = currentLanguage();
  const words: Readonly<Record<string, string>> = language === "en" ? {} : notExplained[language];
  return words[problem] ?? null;
}
