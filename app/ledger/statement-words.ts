import type { Language } from "../platform/languages.ts";

export interface StatementWords {
  readonly title: string;
  readonly opening: string;
  readonly closing: string;
  readonly none: string;
  readonly date: string;
  readonly what: string;
  readonly amount: string;
  readonly balance: string;
  /** By kind of transaction, as the student's app says it. */
  readonly kinds: Readonly<Record<string, string>>;
}

export const statementWords: Readonly<Record<Language, StatementWords>> = {
  sv: {
    title: "Kontoutdrag",
    opening: "Ingående saldo",
    closing: "Utgående saldo",
    none: "Inget har rört sig den här månaden.",
    date: "Datum",
    what: "Händelse",
    amount: "Belopp",
    balance: "Saldo",
    kinds: {
      top_up: "Påfyllning",
      debit: "Betalning",
      refund: "Återbetalning",
      adjustment: "Rättelse",
      close_out: "Avslutad och utbetald",
      close_out_return: "Utbetalningen kom tillbaka",
      debt_repaid: "Avräknat mot din skuld",
      dispute_lost: "Återtaget av din bank",
      dispute_moved: "Återtaget av din bank",
      outside_refund_borne: "Återbetalt av betaltjänsten",
      repost: "Bokfört igen",
      grant: "Tilldelat dig",
      grant_expired: "Tiden gick ut",
    },
  },
  it: {
    title: "Estratto conto",
    opening: "Saldo iniziale",
    closing: "Saldo finale",
    none: "Nessun movimento in questo mese.",
    date: "Data",
    what: "Movimento",
    amount: "Importo",
    balance: "Saldo",
    kinds: {
      top_up: "Ricarica",
      debit: "Pagamento",
      refund: "Rimborso",
      adjustment: "Rettifica",
      close_out: "Chiuso e versato",
      close_out_return: "Il versamento è tornato",
      debt_repaid: "Detratto dal tuo debito",
      dispute_lost: "Ripreso dalla tua banca",
      dispute_moved: "Ripreso dalla tua banca",
      outside_refund_borne: "Rimborsato dal servizio di pagamento",
      repost: "Registrato di nuovo",
      grant: "Assegnato a te",
      grant_expired: "Scaduto",
    },
  },
  en: {
    title: "Statement",
    opening: "Opening balance",
    closing: "Closing balance",
    none: "Nothing has moved in this month.",
    date: "Date",
    what: "Movement",
    amount: "Amount",
    balance: "Balance",
    kinds: {
      top_up: "Top-up",
      debit: "Payment",
      refund: "Refund",
      adjustment: "Correction",
      close_out: "Closed and paid out",
      close_out_return: "Pay-out came back",
      debt_repaid: "Went against what you owed",
      dispute_lost: "Taken back by your bank",
      dispute_moved: "Taken back by your bank",
      outside_refund_borne: "Refunded by the payment service",
      repost: "Entered again",
      grant: "Given to you",
      grant_expired: "Its time was over",
    },
  },
};
