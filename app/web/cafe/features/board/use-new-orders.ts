import { useEffect, useRef, useState } from "react";
import type { BoardOrder } from "./board-orders.ts";
import { chime } from "./chime.ts";

const chimeEveryMs = 4_000;

/** Which orders nobody has seen yet: those that became startable after the board was started. They chime until somebody has. */
export function useNewOrders(orders: readonly BoardOrder[] | undefined, isStarted: boolean) {
  const known = useRef<Set<string> | undefined>(undefined);
  const [unseen, setUnseen] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    if (!orders) return;
    const startable = orders.filter(({ status, can_start }) => status === "received" && can_start).map(({ id }) => id);
    const before = known.current;
    known.current = new Set([...(before ?? []), ...startable]);
    if (before === undefined || !isStarted) return;
    const added = startable.filter((id) => !before.has(id));
    // What somebody has moved on, here or at another screen, was seen.
    setUnseen((old) => {
      const left = [...old, ...added].filter((id) => startable.includes(id));
      return left.length === old.size && left.every((id) => old.has(id)) ? old : new Set(left);
    });
  }, [orders, isStarted]);
  const count = unseen.size;
  useEffect(() => {
    if (count === 0) return;
    chime();
    const timer = setInterval(chime, chimeEveryMs);
    return () => clearInterval(timer);
  }, [count]);
  return { unseen, seeAll: () => setUnseen(new Set()) };
}
