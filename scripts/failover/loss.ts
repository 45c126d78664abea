import type { StaffApi } from "./staff-api.ts";

interface Case {
  readonly order_number: string;
  readonly receipt_id: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly paid_at: string;
  readonly status: string;
}

/** What the new books lack, as far as witnesses have come. */
export interface Loss {
  readonly epoch: number;
  /** The newest debit that came over. */
  readonly lastKeptAt: string | null;
  /** Oldest first. */
  readonly lost: readonly Case[];
}

const perCall = 100;
const maxCalls = 1_000;

export async function readLoss(api: StaffApi): Promise<Loss> {
  const { epoch, last_kept_at: lastKeptAt } = await api.get<{ epoch: number; last_kept_at: string | null }>("/admin/failover");
  const lost: Case[] = [];
  for (let call = 0, cursor: string | null = null; call < maxCalls; call += 1) {
    const query: string = new URLSearchParams({ limit: String(perCall), ...(cursor && { cursor }) }).toString();
    const page: { items: Case[]; next_cursor: string | null } = await api.get(`/admin/failover/cases?${query}`);
    lost.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  return { epoch, lastKeptAt, lost: lost.toSorted((one, other) => (one.paid_at < other.paid_at ? -1 : 1)) };
}

const seconds = (from: string, to: string) => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1_000);

/** From the newest debit that came over to the newest that did not; without a witness of one, to the moment of the loss at most. */
export function rpoLine({ lastKeptAt, lost }: Loss, lostAt: string): string {
  if (lastKeptAt === null) return "RPO not known: no signed debit of the time before is in these books";
  const newest = lost.at(-1);
  if (newest)
    return `RPO ${seconds(lastKeptAt, newest.paid_at).toFixed(1)} s: the newest payment that came over is of ${lastKeptAt}, the newest lost one that was found of ${newest.paid_at}`;
  return `RPO at most ${seconds(lastKeptAt, lostAt).toFixed(1)} s: the newest payment that came over is of ${lastKeptAt}, and no lost one was found so far`;
}

export const lostLines = ({ lost }: Loss): readonly string[] => [
  `${lost.length} lost receipts found so far${lost.length === 0 ? "" : ":"}`,
  ...lost.map(
    ({ paid_at, order_number, amount_minor, currency, status, receipt_id }) =>
      `  ${paid_at}  order ${order_number}  ${amount_minor} ${currency} (minor)  ${status}  receipt ${receipt_id}`,
  ),
];
