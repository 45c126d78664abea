import { type PaymentMethod, paymentMethods } from "../orders/payment-methods.ts";
import { type Database, type Statement, sql } from "../platform/postgres.ts";
import { daysOf, movedMoney, type Report, type ReportInput, type ReportScope, readReport, type Span, soldLines } from "./report.ts";

export interface MethodFigures {
  readonly method: PaymentMethod;
  readonly salesCount: number;
  readonly salesMinor: number;
  readonly refundsCount: number;
  readonly refundsMinor: number;
}

/** Of what was sold less what was refunded. */
export interface VatFigures {
  readonly vatBasisPoints: number;
  readonly grossMinor: number;
  readonly vatMinor: number;
  readonly netMinor: number;
}

export interface SalesFigures {
  readonly salesCount: number;
  readonly grossMinor: number;
  readonly refundsCount: number;
  /** Less what failed refunds brought back. */
  readonly refundsMinor: number;
  /** What the café lost to its customers' banks. */
  readonly disputesMinor: number;
  readonly netMinor: number;
  /** Of one sale, rounded; null on a day without any. */
  readonly averageMinor: number | null;
  readonly methods: readonly MethodFigures[];
  readonly vat: readonly VatFigures[];
}

interface DaySales extends SalesFigures {
  readonly day: string;
}

export type DailySales = Report<{ readonly totals: SalesFigures; readonly days: readonly DaySales[] }>;

/** Either what moved by one method, or what was taxed at one rate. */
interface Row {
  readonly day: string;
  readonly what: "sale" | "refund" | "return" | "dispute" | null;
  readonly method: PaymentMethod | null;
  readonly vatBasisPoints: number | null;
  readonly count: number;
  readonly amountMinor: number;
  readonly vatMinor: number | null;
}

/** A sale belongs to the day on which it was paid, a refund to the day on which it was given. */
export const readDailySales = (db: Pick<Database, "snapshot">, input: ReportInput): Promise<DailySales> =>
  readReport(db, input, async (tx, scope) => {
    const rows: Row[] = [];
    for (const span of scope.spans) rows.push(...(await tx.rows<Row>(salesOf(scope, span))));
    const byDay = Map.groupBy(rows, ({ day }) => day);
    return { totals: figuresOf(rows), days: daysOf(input).map((day) => ({ day, ...figuresOf(byDay.get(day) ?? []) })) };
  });

const salesOf = (scope: ReportScope, span: Span): Statement => sql`
  with moved as materialized (${movedMoney(scope, span)}),
  ${soldLines},
  taxed as (
    select day, vat_basis_points, gross_minor, vat_of(gross_minor, vat_basis_points) as vat_minor from line
    union all
    select m.day, v.vat_basis_points, -v.gross_minor, -v.vat_minor from moved m, lateral refund_vat(m.id) v where m.what in ('refund', 'return'))
  select day::text, what, method, null::integer as vat_basis_points, count(*), sum(amount_minor)::bigint as amount_minor, null::bigint as vat_minor
  from moved group by moved.day, what, method
  union all
  select day::text, null, null, vat_basis_points, 0, sum(gross_minor)::bigint, sum(vat_minor)::bigint
  from taxed group by taxed.day, vat_basis_points`;

function figuresOf(rows: readonly Row[]): SalesFigures {
  const methods = paymentMethods.map((method) => methodFigures(method, rows));
  const sumOf = (field: "salesCount" | "salesMinor" | "refundsCount" | "refundsMinor") => sum(methods.map((figures) => figures[field]));
  const [salesCount, grossMinor, refundsMinor] = [sumOf("salesCount"), sumOf("salesMinor"), sumOf("refundsMinor")];
  const disputesMinor = amountOf(rows.filter(({ what }) => what === "dispute"));
  return {
    salesCount,
    grossMinor,
    refundsCount: sumOf("refundsCount"),
    refundsMinor,
    disputesMinor,
    netMinor: grossMinor - refundsMinor - disputesMinor,
    averageMinor: salesCount === 0 ? null : Math.round(grossMinor / salesCount),
    methods,
    vat: vatFigures(rows),
  };
}

function methodFigures(method: PaymentMethod, rows: readonly Row[]): MethodFigures {
  const of = (what: Row["what"]) => rows.filter((row) => row.what === what && row.method === method);
  const [sales, refunds] = [of("sale"), of("refund")];
  return {
    method,
    salesCount: sum(sales.map(({ count }) => count)),
    salesMinor: amountOf(sales),
    refundsCount: sum(refunds.map(({ count }) => count)),
    refundsMinor: amountOf(refunds) - amountOf(of("return")),
  };
}

function vatFigures(rows: readonly Row[]): VatFigures[] {
  const byRate = [...Map.groupBy(rows, ({ vatBasisPoints }) => vatBasisPoints)];
  return byRate
    .flatMap(([vatBasisPoints, taxed]) => {
      if (vatBasisPoints === null) return [];
      const [grossMinor, vatMinor] = [amountOf(taxed), sum(taxed.map((row) => row.vatMinor ?? 0))];
      return [{ vatBasisPoints, grossMinor, vatMinor, netMinor: grossMinor - vatMinor }];
    })
    .toSorted((a, b) => a.vatBasisPoints - b.vatBasisPoints);
}

const sum = (values: readonly number[]): number => values.reduce((left, value) => left + value, 0);
const amountOf = (rows: readonly Row[]): number => sum(rows.map(({ amountMinor }) => amountMinor));
