import { percent } from "../receipts/paper.ts";
import type { Settlement } from "./settlement.ts";

export interface StatementRow {
  readonly label: string;
  readonly amountMinor: number;
}

/** The settlement as it is read and added up: the rows above "Total" sum to it. */
export function statementRows(settlement: Settlement): readonly StatementRow[] {
  const { feeBasisPoints, feeVatBasisPoints } = settlement;
  return [
    { label: "Carried over from before", amountMinor: settlement.openingMinor },
    { label: "Sales paid from wallets", amountMinor: settlement.walletSalesMinor },
    { label: "Sales paid through the gateway", amountMinor: settlement.gatewaySalesMinor },
    { label: "Sales paid in cash", amountMinor: settlement.cashSalesMinor },
    { label: "Refunds to wallets", amountMinor: -settlement.walletRefundsMinor },
    { label: "Refunds through the gateway", amountMinor: -settlement.gatewayRefundsMinor },
    { label: "Refunds in cash", amountMinor: -settlement.cashRefundsMinor },
    { label: "Disputes lost", amountMinor: -settlement.disputesMinor },
    { label: "Other movements", amountMinor: settlement.otherMinor },
    { label: "Cash that the café has already", amountMinor: -settlement.cashKeptMinor },
    { label: `Fee of ${percent(feeBasisPoints)} on sales without cash`, amountMinor: -settlement.feeMinor },
    { label: `VAT of ${percent(feeVatBasisPoints)} on the fee`, amountMinor: -settlement.feeVatMinor },
  ];
}

export const totalOf = (settlement: Settlement): StatementRow =>
  settlement.carriedMinor < 0
    ? { label: "Carried over to the next day", amountMinor: settlement.carriedMinor }
    : { label: "To be paid out", amountMinor: settlement.payableMinor };
