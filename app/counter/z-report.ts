import type { PaymentMethod } from "../orders/payment-methods.ts";

interface MethodTotals {
  readonly method: PaymentMethod;
  readonly sales_count: number;
  readonly sales_minor: number;
  readonly refunds_count: number;
  readonly refunds_minor: number;
}

export interface VatLine {
  readonly vat_basis_points: number;
  readonly gross_minor: number;
  readonly net_minor: number;
  readonly vat_minor: number;
}

/** The fields that shift_totals() of the database writes out. */
export interface ShiftTotals {
  readonly sales_count: number;
  readonly sales_minor: number;
  readonly refunds_count: number;
  readonly refunds_minor: number;
  readonly disputes_minor: number;
  readonly net_minor: number;
  readonly cash_elsewhere_minor: number;
  readonly methods: readonly MethodTotals[];
  readonly vat: readonly VatLine[];
  readonly first_order_number: string | null;
  readonly last_order_number: string | null;
}

/** The fields that close_shift() writes out, once and for good. */
export interface ZReport extends ShiftTotals {
  readonly shift_id: string;
  readonly number: number;
  readonly cafe_id: string;
  readonly cafe_name: string;
  readonly cafe_code: string;
  readonly device_id: string;
  readonly device_name: string;
  readonly time_zone: string;
  readonly currency: string;
  readonly business_day: string;
  readonly opened_at: string;
  readonly closed_at: string;
  readonly cash: {
    readonly opening_float_minor: number;
    readonly sales_minor: number;
    readonly refunds_minor: number;
    /** Without a sale. A report from before they were noted has neither. */
    readonly paid_in_minor?: number;
    readonly paid_out_minor?: number;
    readonly expected_minor: number;
    readonly counted_minor: number;
    readonly difference_minor: number;
  };
}
