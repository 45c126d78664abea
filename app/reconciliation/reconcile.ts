import type { Gateway, GatewayDispute, GatewayPayment, GatewayPayOut, GatewayRefund } from "../payments/gateway.ts";
import { openGateway } from "../payments/open-gateway.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import {
  type Explained,
  explainBank,
  explainCafes,
  explainDisputes,
  explainGateway,
  explainPayOuts,
  explainRefunds,
  type Span,
  type Unexplained,
} from "./explained.ts";

export interface Reconciliation extends Span {
  readonly checkedAt: Date;
  /** Whose word the gateway's side is: its own listing, or nobody's where no gateway is set up. */
  readonly gatewaySource: "listing" | "none";
  readonly currencies: readonly {
    readonly currency: string;
    readonly totalMinor: number;
    readonly explainedMinor: number;
    /** Of the money that moved, with two decimals; 100 only where all of it is explained. */
    readonly explainedPercent: number;
  }[];
  readonly sides: readonly Explained[];
  readonly unexplained: readonly Unexplained[];
}

export const maxPayments = 3_000;
const timeoutMs = 30_000;

/**
 * Holds the gateway's own books, the ledger and the settlements against each other, the latter two as of one moment. Every
 * amount that only one of them knows is listed with what names it.
 */
export async function reconcileSpan(platform: Platform, span: Span, limit = maxPayments): Promise<Reconciliation> {
  const gateway = openGateway(platform);
  const listed = gateway && (await readListings(gateway, span, limit));
  const { sides, checkedAt } = await platform.db.snapshot(async (tx) => {
    await tx.run(sql`select set_config('statement_timeout', ${String(timeoutMs)}, true)`);
    const moment = await tx.row<{ at: Date }>(sql`select now() as at`);
    const found = [
      ...(listed ? await explainGateway(tx, listed.gateway, listed.payments, span) : []),
      ...(await explainRefunds(tx, listed?.gateway, listed?.refunds ?? [], span)),
      ...(listed ? await explainDisputes(tx, listed.gateway, listed.disputes) : []),
      ...(listed ? await explainPayOuts(tx, listed.gateway, platform.config.CAMPUS_CURRENCY, listed.payOuts) : []),
      ...(await explainCafes(tx, span)),
      ...(await explainBank(tx, platform.config.CAMPUS_TIME_ZONE, span)),
    ];
    return { sides: found, checkedAt: moment?.at ?? new Date() };
  });
  return {
    ...span,
    checkedAt,
    gatewaySource: gateway ? "listing" : "none",
    currencies: addCurrencies(sides),
    sides,
    unexplained: sides.flatMap(({ unexplained }) => unexplained),
  };
}

interface Listings {
  readonly gateway: string;
  readonly payments: readonly GatewayPayment[];
  readonly refunds: readonly GatewayRefund[];
  readonly disputes: readonly GatewayDispute[];
  readonly payOuts: readonly GatewayPayOut[];
}

async function readListings(gateway: Gateway, { from, until }: Span, limit: number): Promise<Listings> {
  const whole = <Row>(what: string, rows: readonly Row[] | undefined): readonly Row[] => {
    if (rows) return rows;
    const problem = `is too far from from: the gateway lists more than ${limit} ${what} in between, ask for less`;
    throw new CodedError("VALIDATION_ERROR", `The request does not fit: query.until ${problem}`, {
      details: { fields: [{ field: "query.until", problem }] },
    });
  };
  return {
    gateway: gateway.name,
    payments: whole("payments", await gateway.collectedBetween(from, until, limit)),
    refunds: whole("refunds", await gateway.refundsBetween(from, until, limit)),
    disputes: whole("disputes", await gateway.disputesBetween(from, until, limit)),
    payOuts: whole("pay-outs", await gateway.payOutsBetween(from, until, limit)),
  };
}

function addCurrencies(sides: readonly Explained[]): Reconciliation["currencies"] {
  return [...Map.groupBy(sides, ({ currency }) => currency)].map(([currency, each]) => {
    const totalMinor = each.reduce((sum, side) => sum + side.totalMinor, 0);
    const explainedMinor = each.reduce((sum, side) => sum + side.explainedMinor, 0);
    return { currency, totalMinor, explainedMinor, explainedPercent: percentOf(explainedMinor, totalMinor) };
  });
}

/** Rounded down: a single unexplained cent keeps it below 100. */
const percentOf = (part: number, whole: number): number => (whole === 0 ? 100 : Math.floor((part / whole) * 10_000) / 100);
