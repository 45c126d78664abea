import { useSyncExternalStore } from "react";

export interface BasketLine {
  readonly key: string;
  readonly itemId: string;
  readonly name: string;
  readonly unitMinor: number;
  readonly quantity: number;
  readonly choices: readonly { readonly id: string; readonly name: string }[];
}

export interface Basket {
  readonly cafeId: string;
  readonly cafeName: string;
  readonly currency: string;
  readonly lines: readonly BasketLine[];
  readonly note: string;
  /** One key per intent to order: a repeated tap, or a tap after a lost answer, is the same order. */
  readonly orderKey: string;
}

export interface SeatedAt {
  readonly cafeId: string;
  readonly code: string;
  readonly label: string;
  readonly until: number;
}

const basketKey = "campus.student.basket";
const tableKey = "campus.student.table";
const tableLifeMs = 3 * 60 * 60_000;
const mostOfOne = 20;

function load<T>(key: string): T | undefined {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

function store(key: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Without storage the basket lives as long as the page.
  }
}

let basket = load<Basket>(basketKey);
let table = load<SeatedAt>(tableKey);
const listeners = new Set<() => void>();
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

function become(next: Basket | undefined): void {
  basket = next;
  store(basketKey, next);
  for (const listener of listeners) listener();
}

// Another tab may have ordered: its basket is ours.
window.addEventListener("storage", ({ key }) => {
  if (key === basketKey) basket = load(basketKey);
  else if (key === tableKey) table = load(tableKey);
  else return;
  for (const listener of listeners) listener();
});

export const useBasket = (): Basket | undefined => useSyncExternalStore(subscribe, () => basket);
export const useTable = (): SeatedAt | undefined => {
  const known = useSyncExternalStore(subscribe, () => table);
  return known && known.until > Date.now() ? known : undefined;
};

export function sitDown(seat: Omit<SeatedAt, "until"> | undefined): void {
  table = seat && { ...seat, until: Date.now() + tableLifeMs };
  store(tableKey, table);
  for (const listener of listeners) listener();
}

export const countOf = ({ lines }: Pick<Basket, "lines">): number => lines.reduce((sum, { quantity }) => sum + quantity, 0);
export const totalOf = ({ lines }: Pick<Basket, "lines">): number =>
  lines.reduce((sum, { quantity, unitMinor }) => sum + quantity * unitMinor, 0);

export function addToBasket(cafe: Pick<Basket, "cafeId" | "cafeName" | "currency">, line: Omit<BasketLine, "key">): void {
  const key = [line.itemId, ...line.choices.map(({ id }) => id).sort()].join("+");
  const old = basket?.cafeId === cafe.cafeId ? basket : undefined;
  const lines = old?.lines ?? [];
  const same = lines.find((known) => known.key === key);
  const next = same
    ? lines.map((known) => (known.key === key ? { ...line, key, quantity: Math.min(mostOfOne, known.quantity + line.quantity) } : known))
    : [...lines, { ...line, key }];
  become({ ...cafe, lines: next, note: old?.note ?? "", orderKey: crypto.randomUUID() });
}

export function setQuantity(key: string, quantity: number): void {
  if (!basket) return;
  const lines = basket.lines.flatMap((line) => (line.key !== key ? [line] : quantity > 0 ? [{ ...line, quantity }] : []));
  become(lines.length === 0 ? undefined : { ...basket, lines, orderKey: crypto.randomUUID() });
}

export function setNote(note: string): void {
  if (basket) become({ ...basket, note, orderKey: crypto.randomUUID() });
}

export const emptyBasket = (): void => become(undefined);
