import type { Box, Graph } from "./graph.ts";
import { type Layers, layersOf, type Route } from "./layers.ts";
import { labelledBox, lineHeight, type Panel, rectangle, text, textWidth } from "./svg.ts";

type Place = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

const titleHeight = 34;
const padding = 10;
const betweenRows = 16;
const bendHeight = 6;
const leastBetweenColumns = 48;

/** Columns from left to right; arrows leave at the right edge, arrive at the left one and carry their label before the tip. */
export function drawGraph(graph: Graph): Panel {
  const layers = layersOf(graph);
  const places = placesOf(graph, layers);
  const boxes = graph.boxes.map(({ id, kind, title, lines = [] }) => {
    const { x, y, width, height } = found(places, id);
    return labelledBox(kind, [title, ...lines], x, y, width, height);
  });
  const drawn = layers.routes.map((route) => drawRoute(route, layers.routes, places));
  const all = [...places.values()];
  return {
    width: Math.max(textWidth(graph.title, true) * 1.4, ...all.map(({ x, width }) => x + width)),
    height: Math.max(...all.map(({ y, height }) => y + height)),
    body: [
      graph.title === "" ? "" : text(graph.title, 0, 14, "head"),
      ...drawn.map(({ line }) => line),
      ...boxes,
      ...drawn.map(({ label }) => label),
    ]
      .filter((part) => part !== "")
      .join("\n"),
  };
}

function placesOf(graph: Graph, { columns, routes }: Layers): Map<string, Place> {
  const boxOf = new Map(graph.boxes.map((box) => [box.id, box]));
  const heightOf = (id: string) => {
    const box = boxOf.get(id);
    return box ? boxHeight(box, graph) : bendHeight;
  };
  const columnHeights = columns.map((column) => column.reduce((sum, { id }) => sum + heightOf(id) + betweenRows, -betweenRows));
  const tallest = Math.max(...columnHeights);
  const places = new Map<string, Place>();
  let x = 0;
  columns.forEach((column, index) => {
    const width = Math.max(60, ...column.map(({ id }) => boxWidth(boxOf.get(id))));
    let y = (graph.title === "" ? 0 : titleHeight) + Math.round((tallest - (columnHeights[index] ?? 0)) / 2);
    for (const { id } of column) {
      places.set(id, { x, y, width, height: heightOf(id) });
      y += heightOf(id) + betweenRows;
    }
    x += width + gapAfter(index, routes, columns);
  });
  return places;
}

/** Wide enough for the longest label of an arrow that arrives in the next column. */
function gapAfter(index: number, routes: readonly Route[], columns: Layers["columns"]): number {
  const next = new Set((columns[index + 1] ?? []).map(({ id }) => id));
  const labels = routes.filter(({ arrow }) => next.has(arrow.to)).map(({ arrow }) => textWidth(arrow.label ?? ""));
  return Math.max(leastBetweenColumns, ...labels.map((width) => width + 44));
}

const boxWidth = (box: Box | undefined): number =>
  box ? Math.max(textWidth(box.title, true), ...(box.lines ?? []).map((line) => textWidth(line))) + 2 * padding : 0;

/** High enough for its words, and for its arrows to arrive and leave apart from each other. */
function boxHeight(box: Box, graph: Graph): number {
  const words = ((box.lines?.length ?? 0) + 1) * lineHeight + 2 * padding - 4;
  const busiest = Math.max(...(["from", "to"] as const).map((end) => graph.arrows.filter((arrow) => arrow[end] === box.id).length));
  return Math.max(words, busiest > 1 ? (busiest + 1) * lineHeight : 0);
}

function drawRoute(route: Route, routes: readonly Route[], places: ReadonlyMap<string, Place>): { line: string; label: string } {
  const { arrow, stops } = route;
  const start = found(places, arrow.from);
  const goal = found(places, arrow.to);
  const startY = portY(route, routes, places, "from");
  const goalY = portY(route, routes, places, "to");
  const path = [`M${start.x + start.width} ${startY}`];
  let [x, y] = [start.x + start.width, startY];
  for (const bend of stops.slice(1, -1).map((id) => found(places, id))) {
    const middle = bend.y + bend.height / 2;
    path.push(curve(x, y, bend.x, middle), `H${bend.x + bend.width}`);
    [x, y] = [bend.x + bend.width, middle];
  }
  path.push(curve(x, y, goal.x, goalY));
  const dashes = arrow.dashed ? " dashes" : "";
  return {
    line: `<path class="arrow${dashes}" marker-end="url(#tip)" d="${path.join("")}"/>`,
    label: labelBefore(arrow.label, goal.x, goalY),
  };
}

function labelBefore(label: string | undefined, goalX: number, goalY: number): string {
  if (!label) return "";
  const width = textWidth(label);
  const x = goalX - width - 14;
  return [rectangle("label", x - 3, goalY - 8, width + 6, 15), text(label, x + width / 2, goalY + 4, "middle")].join("\n");
}

/** Arrows of one side stand apart, in the order of where they come from or go to. */
function portY(route: Route, routes: readonly Route[], places: ReadonlyMap<string, Place>, end: "from" | "to"): number {
  const { y, height } = found(places, route.arrow[end]);
  const neighbour = ({ stops }: Route) => found(places, stops.at(end === "from" ? 1 : -2) as string);
  const middle = (one: Route) => neighbour(one).y + neighbour(one).height / 2;
  const side = routes.filter(({ arrow }) => arrow[end] === route.arrow[end]).sort((a, b) => middle(a) - middle(b));
  return Math.round(y + (height * (side.indexOf(route) + 1)) / (side.length + 1));
}

/** Straight for the last 12 px, so that the tip points to the right. */
function curve(x: number, y: number, goalX: number, goalY: number): string {
  const middle = Math.round((x + goalX) / 2);
  return `C${middle} ${y} ${Math.max(x, middle - 10)} ${goalY} ${goalX - 12} ${goalY}H${goalX}`;
}

function found(places: ReadonlyMap<string, Place>, id: string): Place {
  const place = places.get(id);
  if (!place) throw new Error(`"${id}" has no place in the drawing.`);
  return place;
}
