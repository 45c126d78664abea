import { amountText } from "./amount.ts";
import { escapeXml } from "./xml.ts";

export interface Debtor {
  readonly holder: string;
  /** Without spaces. */
  readonly iban: string;
  readonly bic: string | undefined;
}

export interface Transfer {
  /** Its name at the bank. */
  readonly id: string;
  readonly amountMinor: number;
  readonly holder: string;
  /** Without spaces. */
  readonly iban: string;
  readonly text: string;
}

export interface PaymentOrder {
  readonly id: string;
  readonly executionDay: string;
  readonly currency: string;
  readonly createdAt: Date;
  readonly transfers: readonly Transfer[];
}

/** An id of ours as a bank takes it: 32 characters of the 35 that ISO 20022 gives. */
export const bankName = (id: string): string => id.replaceAll("-", "");

/** What every bank of the SEPA takes: Latin letters without marks, digits and a few signs. */
export const plainName = (text: string, length = 70): string =>
  text
    .replace(/[øæœßØÆŒ]/g, (letter) => withoutMarks[letter] ?? letter)
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9/?:().,'+ -]/g, ".")
    .slice(0, length)
    .trim() || ".";
const withoutMarks: Readonly<Record<string, string>> = { ø: "o", æ: "ae", œ: "oe", ß: "ss", Ø: "O", Æ: "AE", Œ: "OE" };

/** A credit transfer initiation, pain.001.001.09: SEPA where the money is euro, else the bank's own ordinary transfer. */
export function painOf(order: PaymentOrder, debtor: Debtor): string {
  const { id, executionDay, currency, createdAt, transfers } = order;
  const count = transfers.length;
  const sum = amountText(
    transfers.reduce((total, { amountMinor }) => total + amountMinor, 0),
    currency,
  );
  const isEuro = currency === "EUR";
  const name = escapeXml(plainName(debtor.holder));
  const agent = debtor.bic === undefined ? "<Othr><Id>NOTPROVIDED</Id></Othr>" : `<BICFI>${debtor.bic}</BICFI>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">',
    "<CstmrCdtTrfInitn>",
    `<GrpHdr><MsgId>${bankName(id)}</MsgId><CreDtTm>${createdAt.toISOString().slice(0, 19)}Z</CreDtTm><NbOfTxs>${count}</NbOfTxs><CtrlSum>${sum}</CtrlSum><InitgPty><Nm>${name}</Nm></InitgPty></GrpHdr>`,
    "<PmtInf>",
    // Each transfer is booked for itself, so that the statement names it.
    `<PmtInfId>${bankName(id)}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>false</BtchBookg><NbOfTxs>${count}</NbOfTxs><CtrlSum>${sum}</CtrlSum>`,
    `<PmtTpInf><SvcLvl><Cd>${isEuro ? "SEPA" : "NURG"}</Cd></SvcLvl></PmtTpInf><ReqdExctnDt><Dt>${executionDay}</Dt></ReqdExctnDt>`,
    `<Dbtr><Nm>${name}</Nm></Dbtr><DbtrAcct><Id><IBAN>${debtor.iban}</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId>${agent}</FinInstnId></DbtrAgt>`,
    `<ChrgBr>${isEuro ? "SLEV" : "SHAR"}</ChrgBr>`,
    ...transfers.map((transfer) => transferOf(transfer, currency)),
    "</PmtInf>",
    "</CstmrCdtTrfInitn>",
    "</Document>",
    "",
  ].join("\n");
}

const transferOf = ({ id, amountMinor, holder, iban, text }: Transfer, currency: string): string =>
  `<CdtTrfTxInf><PmtId><EndToEndId>${bankName(id)}</EndToEndId></PmtId><Amt><InstdAmt Ccy="${currency}">${amountText(amountMinor, currency)}</InstdAmt></Amt>` +
  `<Cdtr><Nm>${escapeXml(plainName(holder))}</Nm></Cdtr><CdtrAcct><Id><IBAN>${iban}</IBAN></Id></CdtrAcct><RmtInf><Ustrd>${escapeXml(plainName(text, 140))}</Ustrd></RmtInf></CdtTrfTxInf>`;
