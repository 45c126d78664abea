import { money } from "../../../shared/money/money.ts";
import { useWords } from "../../words/words.ts";
import type { Settlement } from "./settlements-page.tsx";

interface Step {
  readonly key: string;
  readonly label: string;
  readonly minor: number;
  readonly isSum?: boolean;
}

/** From sale to bank as a staircase: each step is a bar of its own size, and its number stands beside it. */
export function SettlementFlow({ settlement: s }: { readonly settlement: Settlement }) {
  const w = useWords();
  const sales = s.wallet_sales_minor + s.gateway_sales_minor + s.cash_sales_minor;
  const refunds = s.wallet_refunds_minor + s.gateway_refunds_minor + s.cash_refunds_minor;
  const steps: readonly Step[] = [
    { key: "opening", label: w.settlements.opening, minor: s.opening_minor },
    { key: "wallet", label: w.settlements.sales(w.methods.wallet), minor: s.wallet_sales_minor },
    { key: "gateway", label: w.settlements.sales(w.methods.upi), minor: s.gateway_sales_minor },
    { key: "cash", label: w.settlements.sales(w.methods.cash), minor: s.cash_sales_minor },
    { key: "refunds", label: w.reports.refunds, minor: -Math.abs(refunds) },
    { key: "disputes", label: w.settlements.disputes, minor: -Math.abs(s.disputes_minor) },
    { key: "other", label: w.settlements.other, minor: s.other_minor },
    { key: "kept", label: w.settlements.cashKept, minor: -Math.abs(s.cash_kept_minor) },
    { key: "fee", label: w.settlements.feeOf(s.fee_basis_points / 100), minor: -Math.abs(s.fee_minor) },
    { key: "feeVat", label: w.settlements.feeVat(s.fee_vat_basis_points / 100), minor: -Math.abs(s.fee_vat_minor) },
    { key: "carried", label: w.settlements.carried, minor: -s.carried_minor },
    { key: "payable", label: w.settlements.payable, minor: s.payable_minor, isSum: true },
  ];
  const shown = steps.filter(({ minor, isSum }) => isSum || minor !== 0);
  const most = Math.max(1, sales, ...shown.map(({ minor }) => Math.abs(minor)));
  return (
    <ol className="flow" aria-label={w.settlements.flow}>
      {shown.map(({ key, label, minor, isSum }) => (
        <li key={key} className={isSum ? "flow-sum" : minor < 0 ? "flow-out" : "flow-in"}>
          <span>{label}</span>
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect width={(Math.abs(minor) / most) * 100} height="8" rx="2" />
          </svg>
          <strong>
            {minor < 0 ? "− " : ""}
            {money(Math.abs(minor), s.currency)}
          </strong>
        </li>
      ))}
    </ol>
  );
}
