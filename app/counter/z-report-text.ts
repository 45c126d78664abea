import { plainAmount } from "../platform/money-text.ts";
import { centred, localTime, pair, percent, rule } from "../receipts/paper.ts";
import type { ZReport } from "./z-report.ts";

const methodNames = { cash: "Cash", wallet: "Card (wallet)", upi: "UPI" } as const;

/** A Z-report for the till's printer, 42 columns wide. */
export function zReportText(report: ZReport): string {
  const money = (minor: number) => plainAmount(minor, report.currency);
  const { cash } = report;
  const lines = [
    ...centred(report.cafe_name),
    ...centred(`Z-REPORT ${report.number}`),
    rule,
    ...pair("Business day", report.business_day),
    ...pair("Opened", localTime(new Date(report.opened_at), report.time_zone)),
    ...pair("Closed", localTime(new Date(report.closed_at), report.time_zone)),
    ...pair("Terminal", report.device_name.slice(0, 28)),
    ...pair("Currency", report.currency),
    rule,
    ...report.methods.flatMap(({ method, sales_count, sales_minor, refunds_count, refunds_minor }) => [
      ...pair(`${methodNames[method]}: ${sales_count} sold`, money(sales_minor)),
      ...(refunds_count > 0 || refunds_minor !== 0 ? pair(`${refunds_count} given back`, money(-refunds_minor), "  ") : []),
    ]),
    rule,
    ...pair(`Sales: ${report.sales_count}`, money(report.sales_minor)),
    ...pair(`Refunds: ${report.refunds_count}`, money(-report.refunds_minor)),
    ...(report.disputes_minor === 0 ? [] : pair("Lost disputes", money(-report.disputes_minor))),
    ...pair("NET", money(report.net_minor)),
    rule,
    ...report.vat.flatMap(({ vat_basis_points, gross_minor, vat_minor }) =>
      pair(`VAT ${percent(vat_basis_points)} in ${money(gross_minor)}`, money(vat_minor)),
    ),
    rule,
    ...pair("Opening float", money(cash.opening_float_minor)),
    ...pair("Cash sales", money(cash.sales_minor)),
    ...pair("Cash given back", money(-cash.refunds_minor)),
    ...(report.cash_elsewhere_minor === 0 ? [] : pair("of these noted in the portal", money(report.cash_elsewhere_minor), "  ")),
    ...(cash.paid_in_minor ? pair("Put in", money(cash.paid_in_minor)) : []),
    ...(cash.paid_out_minor ? pair("Taken out", money(-cash.paid_out_minor)) : []),
    ...pair("Expected in the drawer", money(cash.expected_minor)),
    ...pair("Counted", money(cash.counted_minor)),
    ...pair("DIFFERENCE", money(cash.difference_minor)),
    rule,
    ...pair("First order", report.first_order_number ?? "none"),
    ...pair("Last order", report.last_order_number ?? "none"),
  ];
  return `${lines.join("\n")}\n`;
}
