import { type AmountUnit, csvTable } from "../platform/csv.ts";
import type { Settlement, SettlementEntry } from "./settlement.ts";
import { statementRows, totalOf } from "./statement-lines.ts";

/** Every transaction of the day, then the lines of the statement and its total: a spreadsheet adds up either to the same. */
export function settlementCsv(settlement: Settlement, entries: readonly SettlementEntry[], unit: AmountUnit): string {
  const { cafeName, day, currency } = settlement;
  const moved = entries.map(({ line, at, orderNumber, transactionId, amountMinor }) => [
    cafeName,
    day,
    "transaction",
    line,
    at.toISOString(),
    orderNumber,
    transactionId,
    amountMinor,
    currency,
  ]);
  const lines = statementRows(settlement).map(({ label, amountMinor }) => [
    cafeName,
    day,
    "line",
    label,
    null,
    null,
    null,
    amountMinor,
    currency,
  ]);
  const total = totalOf(settlement);
  return csvTable({
    columns: ["cafe", "day", "row", "line", "at", "order_number", "transaction_id", "amount_minor", "currency"],
    rows: [...moved, ...lines, [cafeName, day, "total", total.label, null, null, null, total.amountMinor, currency]],
    unit,
    currency,
  });
}

/** A month of settlements, the oldest day first, with a column of VAT for each rate that occurs. */
export function settlementsCsv(settlements: readonly Settlement[], unit: AmountUnit, currency: string): string {
  const rates = [...new Set(settlements.flatMap(({ vat }) => vat.map(({ vatBasisPoints }) => vatBasisPoints)))].toSorted(
    (one, other) => one - other,
  );
  const columns = [
    ...["cafe", "day", "sales_count", "wallet_sales_minor", "gateway_sales_minor", "cash_sales_minor", "refunds_minor", "disputes_minor"],
    ...rates.flatMap((rate) => [`vat_${rate}_gross_minor`, `vat_${rate}_vat_minor`]),
    ...[
      "cash_kept_minor",
      "fee_minor",
      "fee_vat_minor",
      "payable_minor",
      "carried_minor",
      "status",
      "paid_at",
      "bank_reference",
      "currency",
    ],
  ];
  const rows = settlements.toReversed().map((each) => [
    ...[each.cafeName, each.day, each.salesCount, each.walletSalesMinor, each.gatewaySalesMinor, each.cashSalesMinor],
    ...[each.walletRefundsMinor + each.gatewayRefundsMinor + each.cashRefundsMinor, each.disputesMinor],
    ...rates.flatMap((rate) => {
      const of = each.vat.find(({ vatBasisPoints }) => vatBasisPoints === rate);
      return [of?.grossMinor ?? 0, of?.vatMinor ?? 0];
    }),
    ...[each.cashKeptMinor, each.feeMinor, each.feeVatMinor, each.payableMinor, each.carriedMinor],
    ...[each.status, each.paidAt?.toISOString() ?? null, each.bankReference, each.currency],
  ]);
  return csvTable({ columns, rows, unit, currency });
}
