import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { unwrap } from "../../../shared/api/request.ts";
import { now } from "../../../shared/clock.ts";
import { dayAndTime } from "../../../shared/money/dates.ts";
import { shortNumber } from "../../../shared/money/order-number.ts";
import { CupIcon } from "../../../shared/ui/icons.tsx";
import { Bones, EmptyState, Sheet } from "../../../shared/ui/parts.tsx";
import { useWakeLock } from "../../../shared/ui/wake-lock.ts";
import { boardApi } from "../../api.ts";
import { useOwnCafe } from "../../cafe-choice.tsx";
import { refresh, useList } from "../../queries.ts";
import { useOnline } from "../../shell.tsx";
import { useDates } from "../../ui/dates.ts";
import { Chip, ErrorNote, ErrorState, MoreButton } from "../../ui/parts.tsx";
import { useWords } from "../../words/words.ts";
import { changeCafe } from "../cafe/cafe-queries.ts";
import { type BoardOrder, boardQuery, dueOf } from "./board-orders.ts";
import { followOrders, useBoardLive } from "./board-stream.ts";
import { unlockChime } from "./chime.ts";
import { undo, useMoves } from "./moves.ts";
import { OrderSheet } from "./order-sheet.tsx";
import { Ticket } from "./ticket.tsx";
import { useNewOrders } from "./use-new-orders.ts";

const columns = [
  { word: "received", statuses: ["received"] },
  { word: "preparing", statuses: ["preparing"] },
  { word: "ready", statuses: ["ready", "out_for_delivery"] },
] as const;
const askWhenLiveMs = 30_000;
const askWhenCutMs = 4_000;
const ageEveryMs = 10_000;

export function BoardPage() {
  const w = useWords();
  const isLive = useBoardLive();
  const [isStarted, setIsStarted] = useState(false);
  const board = useQuery({ ...boardQuery, refetchInterval: isLive ? askWhenLiveMs : askWhenCutMs });
  const { held, shown: tapped, last, error } = useMoves();
  const orders = useMemo(
    () =>
      board.data
        ?.filter(({ id }) => !held.includes(id))
        .map((order) => {
          const status = tapped.get(order.id);
          return status === undefined ? order : { ...order, status };
        }),
    [board.data, held, tapped],
  );
  const { unseen, seeAll } = useNewOrders(orders, isStarted);
  const [shown, setShown] = useState<BoardOrder>();
  const [isRecalling, setIsRecalling] = useState(false);
  const onOpen = useCallback((order: BoardOrder) => setShown(order), []);
  useEffect(() => followOrders(), []);
  useWakeLock(isStarted);
  return (
    <div className="board">
      <header className="board-head">
        <h1>{w.board.title}</h1>
        <LinkDot isLive={isLive} />
        <Paused />
        <button type="button" className="button button-second button-small" onClick={() => setIsRecalling(true)}>
          {w.board.recall}
        </button>
        {!isStarted && (
          <button
            type="button"
            className="button board-start"
            onClick={() => {
              unlockChime();
              setIsStarted(true);
            }}
          >
            {w.board.start}
          </button>
        )}
      </header>
      {!isStarted && <p className="soft board-silent">{w.board.startWhat}</p>}
      {unseen.size > 0 && (
        <div className="board-new" role="alert">
          <strong>{w.board.newOnes(unseen.size)}</strong>
          <button type="button" className="button button-second button-small" onClick={seeAll}>
            {w.board.seen}
          </button>
        </div>
      )}
      <ErrorNote error={error} />
      {orders === undefined &&
        (board.isError ? <ErrorState error={board.error} onRetry={() => void board.refetch()} /> : <Bones count={3} height={180} />)}
      {orders && <Columns orders={orders} unseen={unseen} onOpen={onOpen} />}
      {last && (
        <div className="undo-bar" role="status">
          <span>{w.board.moved(shortNumber(last.order.order_number), w.board.status[last.to])}</span>
          <button type="button" className="button button-second button-small" onClick={undo}>
            {w.board.undo}
          </button>
        </div>
      )}
      {shown && <OrderSheet order={orders?.find(({ id }) => id === shown.id) ?? shown} onClose={() => setShown(undefined)} />}
      {isRecalling && <Recall onClose={() => setIsRecalling(false)} onOpen={setShown} />}
    </div>
  );
}

interface ColumnsProps {
  readonly orders: readonly BoardOrder[];
  readonly unseen: ReadonlySet<string>;
  readonly onOpen: (order: BoardOrder) => void;
}

function Columns({ orders, unseen, onOpen }: ColumnsProps) {
  const w = useWords();
  const at = useNow();
  const [tab, setTab] = useState<string>("received");
  const groups = columns.map(({ word, statuses }) => ({
    word,
    orders: orders.filter(({ status }) => (statuses as readonly string[]).includes(status)),
  }));
  if (orders.length === 0) return <EmptyState title={w.board.empty} what={w.board.emptyWhat} icon={<CupIcon size={36} />} />;
  return (
    <>
      <AllDay orders={orders} />
      <fieldset className="segments board-tabs" aria-label={w.board.title}>
        {groups.map(({ word, orders: found }) => (
          <button key={word} type="button" aria-pressed={tab === word} onClick={() => setTab(word)}>
            {w.board.columns[word]} {found.length}
          </button>
        ))}
      </fieldset>
      <div className="board-columns">
        {groups.map(({ word, orders: found }) => (
          <section key={word} className={`board-column ${tab === word ? "board-column-here" : ""}`} aria-labelledby={`column-${word}`}>
            <h2 id={`column-${word}`}>
              {w.board.columns[word]} <span className="board-count">{found.length}</span>
            </h2>
            <ul className="board-tickets">
              {found.map((order) => (
                <Ticket
                  key={order.id}
                  order={order}
                  minutes={Math.floor((at - Date.parse(dueOf(order))) / 60_000)}
                  isNew={unseen.has(order.id)}
                  onOpen={onOpen}
                />
              ))}
            </ul>
            {found.length === 0 && <p className="soft board-none">{w.board.nothing}</p>}
          </section>
        ))}
      </div>
    </>
  );
}

const shownDishes = 8;

/** How much of each dish is to be made, over all orders: whoever stands at the oven reads this line only. */
function AllDay({ orders }: { readonly orders: readonly BoardOrder[] }) {
  const w = useWords();
  const portions = new Map<string, number>();
  for (const { status, can_start, items } of orders)
    if (status === "preparing" || (status === "received" && can_start))
      for (const { item_name, quantity } of items) portions.set(item_name, (portions.get(item_name) ?? 0) + quantity);
  const most = [...portions].toSorted(([, one], [, other]) => other - one).slice(0, shownDishes);
  if (most.length === 0) return null;
  return (
    <ul className="board-dishes" aria-label={w.board.toMake}>
      {most.map(([name, count]) => (
        <li key={name}>
          <strong>{count}×</strong> {name}
        </li>
      ))}
    </ul>
  );
}

/** That no new orders come, and who may ends it here. */
function Paused() {
  const w = useWords();
  const { clock } = useDates();
  const cafe = useOwnCafe();
  const end = useMutation({ mutationFn: () => changeCafe({ paused_until: null }), onSettled: () => refresh("cafe") });
  const until = cafe?.paused_until ?? null;
  if (until === null || Date.parse(until) <= now()) return null;
  return (
    <>
      <Chip tone="wait">{w.pause.until(clock(until))}</Chip>
      {cafe?.status && (
        <button type="button" className="button button-second button-small" disabled={end.isPending} onClick={() => end.mutate()}>
          {w.pause.end}
        </button>
      )}
    </>
  );
}

function LinkDot({ isLive }: { readonly isLive: boolean }) {
  const w = useWords();
  const isOnline = useOnline();
  return (
    <span className={`link ${isLive ? "link-live" : ""}`} role="status">
      <span className="link-dot" aria-hidden="true" /> {isOnline ? (isLive ? w.board.live : w.board.asking) : w.app.offline}
    </span>
  );
}

/** What was handed out last: found again when somebody comes back with it. */
function Recall({ onClose, onOpen }: { readonly onClose: () => void; readonly onOpen: (order: BoardOrder) => void }) {
  const w = useWords();
  const recent = useList<BoardOrder>(["board", "recent"], (page) =>
    unwrap(boardApi.admin.orders.$get({ query: { status: "completed,cancelled", limit: 20, ...page } })),
  );
  return (
    <Sheet title={w.board.recall} closeLabel={w.app.close} onClose={onClose}>
      <h2 className="sheet-title">{w.board.recall}</h2>
      {recent.rows === undefined &&
        (recent.isError ? <ErrorState error={recent.error} onRetry={() => void recent.refetch()} /> : <Bones count={4} height={72} />)}
      {recent.rows?.length === 0 && <p className="soft">{w.board.recallNone}</p>}
      <ul className="recall">
        {recent.rows?.map((order) => (
          <li key={order.id}>
            <button
              type="button"
              onClick={() => {
                onClose();
                onOpen(order);
              }}
            >
              <strong>{shortNumber(order.order_number)}</strong>
              <span>{order.items.map(({ quantity, item_name }) => `${quantity}× ${item_name}`).join(", ")}</span>
              <span className="soft">
                {w.board.status[order.status]} {dayAndTime(order.updated_at)}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <MoreButton list={recent} />
    </Sheet>
  );
}

function useNow(): number {
  const [at, setAt] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setAt(now()), ageEveryMs);
    return () => clearInterval(timer);
  }, []);
  return at;
}
