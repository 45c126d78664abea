import { localClock } from "./recomputed-reports.ts";

/** For tests: a café's settlements once more, from what was done and when, with another calendar and other arithmetic than the database's. */
export interface Movement {
  readonly atMs: number;
  readonly line: "wallet_sale" | "gateway_sale" | "cash_sale" | "wallet_refund" | "gateway_refund" | "cash_refund" | "dispute";
  /** What the café gained, or lost below zero. */
  readonly minor: number;
  /** When the sale was that this gives back; its own moment for a sale. */
  readonly soldAtMs: number;
}

export interface Terms {
  readonly fromDay: string;
  readonly feeBasisPoints: number;
  readonly feeVatBasisPoints: number;
}

export interface Zone {
  readonly fromDay: string;
  readonly timeZone: string;
}

export interface CafeLife {
  readonly openedAtMs: number;
  readonly zones: readonly Zone[];
  readonly terms: readonly Terms[];
  readonly movements: readonly Movement[];
}

const dayMs = 86_400_000;
export const nextDay = (day: string, days = 1): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
const since = <Rule extends { readonly fromDay: string }>(rules: readonly Rule[], day: string): Rule | undefined =>
  rules.findLast(({ fromDay }) => fromDay <= day);

/** The first millisecond whose calendar day in this zone is this one, or a later one. */
export function beginningOf(day: string, timeZone: string): number {
  let [before, after] = [Date.parse(`${day}T00:00:00Z`) - dayMs, Date.parse(`${day}T00:00:00Z`) + dayMs];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localClock(middle, timeZone).day >= day) after = middle;
    else before = middle;
  }
  return after;
}

interface BusinessDay {
  readonly day: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Each ends when a clock in the zone that holds on it says so; one that a change of zone left without length is none. */
function businessDays({ openedAtMs, zones }: CafeLife, endMs: number): BusinessDay[] {
  const days: BusinessDay[] = [];
  let day = nextDay(localClock(openedAtMs, zones[0]?.timeZone ?? "UTC").day, -1);
  for (let fromMs = openedAtMs; ; day = nextDay(day)) {
    const untilMs = beginningOf(nextDay(day), since(zones, day)?.timeZone ?? "UTC");
    if (untilMs > endMs) return days;
    if (untilMs <= fromMs) continue;
    days.push({ day, fromMs, untilMs });
    fromMs = untilMs;
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);
/** Basis points of an amount; a half goes away from zero. */
const partOf = (minor: number, basisPoints: number) => Math.sign(minor) * Math.floor((Math.abs(minor) * basisPoints + 5_000) / 10_000);

export function recomputedSettlements(life: CafeLife, endMs: number) {
  const days = businessDays(life, endMs);
  const dayOf = (atMs: number) => days.find(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs)?.day ?? "";
  const termsAt = (soldAtMs: number) => since(life.terms, dayOf(soldAtMs)) ?? { fromDay: "", feeBasisPoints: 0, feeVatBasisPoints: 0 };
  let carried = 0;
  return days.map(({ day, fromMs, untilMs }) => {
    const taken = life.movements.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
    const of = (line: Movement["line"]) => Math.abs(sum(taken.filter((each) => each.line === line).map(({ minor }) => minor)));
    const rated = Map.groupBy(
      taken.filter(({ line }) => /^(wallet|gateway)_/.test(line)),
      ({ soldAtMs }) => `${termsAt(soldAtMs).feeBasisPoints}/${termsAt(soldAtMs).feeVatBasisPoints}`,
    );
    const fees = [...rated].map(([rates, each]) => {
      const [rate = 0, vatRate = 0] = rates.split("/").map(Number);
      const fee = partOf(sum(each.map(({ minor }) => minor)), rate);
      return { fee, vat: partOf(fee, vatRate) };
    });
    const [fee, vat, cash] = [sum(fees.map((each) => each.fee)), sum(fees.map((each) => each.vat)), of("cash_sale") - of("cash_refund")];
    const net = carried + sum(taken.map(({ minor }) => minor)) - cash - fee - vat;
    const settlement = {
      day,
      opening_minor: carried,
      wallet_sales_minor: of("wallet_sale"),
      gateway_sales_minor: of("gateway_sale"),
      cash_sales_minor: of("cash_sale"),
      wallet_refunds_minor: of("wallet_refund"),
      gateway_refunds_minor: of("gateway_refund"),
      cash_refunds_minor: of("cash_refund"),
      disputes_minor: of("dispute"),
      sales_count: taken.filter(({ line }) => line.endsWith("_sale")).length,
      cash_kept_minor: cash,
      fee_minor: fee,
      fee_vat_minor: vat,
      payable_minor: Math.max(net, 0),
      carried_minor: Math.min(net, 0),
    };
    carried = settlement.carried_minor;
    return settlement;
  });
}
