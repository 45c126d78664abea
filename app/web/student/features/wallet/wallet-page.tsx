import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, Navigate, useLocation, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { errorOf, unwrap } from "../../../shared/api/request.ts";
import { clock, dayAndTime, month } from "../../../shared/money/dates.ts";
import { money, price, signed } from "../../../shared/money/money.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { useSession } from "../../../shared/session/student.ts";
import { ShieldIcon, WalletIcon } from "../../../shared/ui/icons.tsx";
import { Bones, EmptyState, Notice } from "../../../shared/ui/parts.tsx";
import { walletApi } from "../../api.ts";
import { readLeft, readReturn, refusalOf } from "../../checkout.ts";
import { readKept, walletQuery } from "../../queries.ts";
import { ErrorNote, ErrorState, useOnline } from "../../shell.tsx";
import { useWords } from "../../words/words.ts";
import { Grants } from "./grants.tsx";
import { MoneyOnItsWay } from "./money-on-its-way.tsx";
import { MonthOfWallet } from "./month-of-wallet.tsx";
import { TopUpSheet } from "./top-up-sheet.tsx";
import { WalletSettings } from "./wallet-settings.tsx";

type Wallet = Awaited<ReturnType<NonNullable<typeof walletQuery.queryFn>>>;

const amounts = [5_000, 10_000, 20_000];

export function WalletPage() {
  const w = useWords();
  const session = useSession();
  const isOnline = useOnline();
  const asked = useSearch({ from: "/wallet" });
  const returned = readReturn(useLocation().hash);
  // Behind the bank's page the address no longer says what was asked for.
  const { amount, back } = returned ? (readLeft() ?? asked) : asked;
  const wallet = useQuery({ ...walletQuery, enabled: session.kind === "in" });
  const kept = readKept<Wallet>("wallet");
  if (session.kind === "out" && isOnline) return <Navigate to="/login" search={{ to: "/wallet" }} replace />;
  const shown = wallet.data ?? kept?.value;
  if (!shown)
    return (
      <div className="narrow">
        {wallet.isError ? (
          <ErrorState isPage error={wallet.error} onRetry={() => void wallet.refetch()} />
        ) : (
          <Bones count={3} height={160} />
        )}
      </div>
    );
  const at = isOnline && wallet.data ? new Date(wallet.dataUpdatedAt) : new Date(kept?.at ?? Date.now());
  return (
    <div className="narrow stack wallet">
      <h1 className="sr-only">{w.wallet.title}</h1>
      <Purse wallet={shown} at={at} returned={returned} amount={amount} back={back} />
      <Grants />
      <Statement />
      {wallet.data && <WalletSettings wallet={wallet.data} />}
    </div>
  );
}

interface PurseProps {
  readonly wallet: Wallet;
  readonly at: Date;
  /** What the bank's page said, for whoever comes from it. */
  readonly returned: ReturnType<typeof readReturn>;
  readonly amount: number | undefined;
  readonly back: string | undefined;
}

function Purse({ wallet, at, returned, amount, back }: PurseProps) {
  const w = useWords();
  const isPaid = returned !== undefined && returned !== "unpaid";
  const [chosen, setChosen] = useState<number | "other" | undefined>(isPaid ? undefined : amount);
  const isFrozen = wallet.status === "frozen";
  const isClosed = wallet.status === "closed";
  return (
    <section className="purse" aria-labelledby="balance">
      <h2 id="balance" className="purse-label">
        {w.wallet.balance} <span>{w.wallet.asOf(clock(at))}</span>
      </h2>
      <p className="amount">{money(wallet.balance_minor, wallet.currency)}</p>
      {wallet.held_minor > 0 && <p className="small">{w.wallet.held(money(wallet.held_minor, wallet.currency))}</p>}
      {isFrozen && <strong className="chip chip-no">{w.wallet.frozen}</strong>}
      {isClosed && <strong className="chip chip-no">{w.wallet.closed}</strong>}
      {wallet.spent_today_minor > 0 && <p className="small">{w.wallet.spentToday(money(wallet.spent_today_minor, wallet.currency))}</p>}
      {!isClosed && (
        <div className="purse-amounts">
          {amounts.map((minor) => (
            <button key={minor} type="button" className="button purse-button" onClick={() => setChosen(minor)}>
              + {price(minor, wallet.currency)}
            </button>
          ))}
          <button type="button" className="button purse-button" onClick={() => setChosen("other")}>
            {w.wallet.other}
          </button>
        </div>
      )}
      {isPaid && <MoneyOnItsWay paid={returned} currency={wallet.currency} {...(back === undefined ? {} : { back })} />}
      {chosen !== undefined && !isClosed && (
        <TopUpSheet
          currency={wallet.currency}
          {...(chosen === "other" ? {} : { amountMinor: chosen })}
          {...(back === undefined ? {} : { back })}
          refusal={refusalOf(returned)}
          onClose={() => setChosen(undefined)}
        />
      )}
    </section>
  );
}

type Line = {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly balance_minor_after: number;
  readonly order_id: string | null;
  readonly order_number: string | null;
  readonly cafe_name: string | null;
};

const pageSize = 25;

function Statement() {
  const w = useWords();
  const pages = useInfiniteQuery({
    queryKey: ["mine", "statement"],
    queryFn: ({ pageParam }) =>
      unwrap(
        walletApi.wallet.statement.$get({ query: { limit: pageSize, ...(pageParam === "" ? {} : { cursor: pageParam }) } }),
      ) as Promise<{ items: Line[]; next_cursor: string | null }>,
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });
  const csv = useMutation({ mutationFn: saveCsv });
  const pdf = useMutation({ mutationFn: savePdf });
  const lines = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <section className="stack" aria-labelledby="statement">
      <h2 id="statement">{w.wallet.statement}</h2>
      {pages.isPending && <Bones count={4} height={64} />}
      {pages.isError && <ErrorNote error={pages.error} />}
      {(csv.error ?? pdf.error) && <ErrorNote error={csv.error ?? pdf.error} />}
      {pages.isSuccess && lines.length === 0 && (
        <EmptyState title={w.wallet.none} what={w.wallet.noneWhat} icon={<WalletIcon size={36} />} />
      )}
      {lines.length > 0 && (
        <>
          <MonthOfWallet lines={lines} />
          {addsUp(lines) ? (
            <p className="row checked small">
              <ShieldIcon size={20} /> {w.wallet.checked}
            </p>
          ) : (
            <Notice tone="no" title={w.wallet.broken} />
          )}
        </>
      )}
      <ol className="statement">
        {lines.map((line) => (
          <li key={line.id}>
            <StatementLine line={line} />
          </li>
        ))}
      </ol>
      <div className="row statement-files">
        {pages.hasNextPage && (
          <button
            type="button"
            className="button button-second"
            disabled={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            {w.wallet.more}
          </button>
        )}
        {lines.length > 0 && (
          <button type="button" className="button button-words" disabled={csv.isPending} onClick={() => csv.mutate()}>
            {w.wallet.csv}
          </button>
        )}
        {lines.length > 0 &&
          printable(pages.hasNextPage ? undefined : lines.at(-1)?.at).map((date) => (
            <button
              key={date.getMonth()}
              type="button"
              className="button button-words"
              disabled={pdf.isPending}
              onClick={() => pdf.mutate(date)}
            >
              {w.wallet.pdf(month(date))}
            </button>
          ))}
      </div>
    </section>
  );
}

function StatementLine({ line }: { readonly line: Line }) {
  const w = useWords();
  const what = w.wallet.kinds[line.kind] ?? line.kind;
  const text = (
    <>
      <span className="stack-tight">
        <strong>{line.cafe_name ? `${what} · ${line.cafe_name}` : what}</strong>
        <span className="soft small">
          {dayAndTime(line.at)}
          {line.order_number ? ` · ${shortNumber(line.order_number)}` : ""}
        </span>
      </span>
      <span className="stack-tight statement-end">
        <strong className={line.amount_minor > 0 ? "in" : ""}>{signed(line.amount_minor, line.currency)}</strong>
        <span className="soft small">{money(line.balance_minor_after, line.currency)}</span>
      </span>
    </>
  );
  return line.order_id ? (
    <Link to="/orders/$orderId" params={{ orderId: line.order_id }} className="statement-line">
      {text}
    </Link>
  ) : (
    <div className="statement-line">{text}</div>
  );
}

/** Newest first: each balance is the one below it plus its own amount. */
const addsUp = (lines: readonly Line[]): boolean =>
  lines.every((line, index) => {
    const older = lines[index + 1];
    return older === undefined || line.balance_minor_after === older.balance_minor_after + line.amount_minor;
  });

/** The month that runs, and the one before it where the wallet had its first line by then. */
function printable(firstLineAt: string | undefined): Date[] {
  const now = new Date();
  const startOf = (back: number) => new Date(now.getFullYear(), now.getMonth() - back, 1);
  const isBefore = firstLineAt === undefined || new Date(firstLineAt) < startOf(0);
  return [0, ...(isBefore ? [1] : [])].map(startOf);
}

const saveCsv = (): Promise<void> => save(walletApi.wallet.statement.$get({ query: { format: "csv" } }), "statement.csv");

function savePdf(date: Date): Promise<void> {
  const asked = `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}`;
  return save(walletApi.wallet["statement.pdf"].$get({ query: { month: asked } }), `statement-${asked}.pdf`);
}

/** Gives the answer to whoever asked, as a file; a refusal is thrown, not saved. */
async function save(asking: Promise<unknown>, name: string): Promise<void> {
  const answer = (await asking) as Response;
  if (!answer.ok) throw await errorOf(answer);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
