import type { Arrow, Graph } from "./graph.ts";

/** A place in a column: a box, or the bend of an arrow that passes through the column. */
export type Slot = { readonly id: string; readonly rank: number; readonly isBend: boolean };

/** One arrow from column to column: from its box through its bends to its goal. */
export type Route = { readonly arrow: Arrow; readonly stops: readonly string[] };

export type Layers = { readonly columns: readonly (readonly Slot[])[]; readonly routes: readonly Route[] };

const sweeps = 8;

/** Puts every box into a column after all that point to it, and orders the columns so that few arrows cross. */
export function layersOf(graph: Graph): Layers {
  const ranks = ranksOf(graph);
  const slots: Slot[] = graph.boxes.map(({ id }) => ({ id, rank: ranks.get(id) ?? 0, isBend: false }));
  const routes = graph.arrows.map((arrow, index): Route => {
    const from = ranks.get(arrow.from) ?? 0;
    const to = ranks.get(arrow.to) ?? 0;
    const bends = Array.from({ length: Math.max(0, to - from - 1) }, (_, step): Slot => {
      return { id: `bend ${index}.${step}`, rank: from + 1 + step, isBend: true };
    });
    slots.push(...bends);
    return { arrow, stops: [arrow.from, ...bends.map(({ id }) => id), arrow.to] };
  });
  return { columns: ordered(columnsOf(slots), routes), routes };
}

/** One column past the furthest that points here; a box that nothing points to stands right before the first it points to. */
function ranksOf({ boxes, arrows }: Graph): Map<string, number> {
  const ranks = new Map(boxes.map(({ id, rank }) => [id, rank ?? 0]));
  const rankOf = (id: string) => {
    const rank = ranks.get(id);
    if (rank === undefined) throw new Error(`an arrow names "${id}", and there is no such box.`);
    return rank;
  };
  for (let round = 0; round <= boxes.length; round++) {
    const late = arrows.filter(({ from, to }) => rankOf(to) <= rankOf(from));
    if (late.length === 0) break;
    if (round === boxes.length) throw new Error(`arrows run in a circle through ${late.map(({ from }) => from).join(", ")}.`);
    for (const { from, to } of late) ranks.set(to, Math.max(rankOf(to), rankOf(from) + 1));
  }
  for (const { id, rank } of boxes) {
    const goals = arrows.filter(({ from }) => from === id).map(({ to }) => rankOf(to));
    const isSource = rank === undefined && goals.length > 0 && arrows.every(({ to }) => to !== id);
    if (isSource) ranks.set(id, Math.min(...goals) - 1);
  }
  return ranks;
}

function columnsOf(slots: readonly Slot[]): Slot[][] {
  const count = Math.max(...slots.map(({ rank }) => rank)) + 1;
  return Array.from({ length: count }, (_, rank) => slots.filter((slot) => slot.rank === rank));
}

/** Each slot moves to the middle of its neighbours in the column before, then in the one after, a few times over. */
function ordered(columns: Slot[][], routes: readonly Route[]): Slot[][] {
  const links = routes.flatMap(({ stops }) => stops.slice(1).map((to, index) => ({ from: stops[index] as string, to })));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forward = sweep % 2 === 0;
    const order = forward ? columns.keys() : [...columns.keys()].reverse();
    for (const index of order) {
      const place = places(columns);
      const middle = ({ id }: Slot) => {
        const near = links.flatMap(({ from, to }) => (forward && to === id ? [from] : !forward && from === id ? [to] : []));
        return near.length === 0 ? (place.get(id) ?? 0) : near.reduce((sum, one) => sum + (place.get(one) ?? 0), 0) / near.length;
      };
      columns[index] = (columns[index] ?? [])
        .map((slot) => ({ slot, at: middle(slot) }))
        .sort((a, b) => a.at - b.at)
        .map(({ slot }) => slot);
    }
  }
  return columns;
}

/** Where each slot stands between 0 (top) and 1 (bottom) of its column. */
const places = (columns: readonly (readonly Slot[])[]): Map<string, number> =>
  new Map(columns.flatMap((column) => column.map(({ id }, index) => [id, (index + 0.5) / column.length] as const)));
