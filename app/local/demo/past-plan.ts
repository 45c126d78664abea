import { idOf } from "./demo.ts";

/** What happened at the demo campus before it was started, in the order of its minutes. Amounts are minor units of its currency. */
export type Act =
  | Moment<"welcome"> // the money that everybody got at the beginning
  | (Moment<"top_up"> & { readonly studentId: string; readonly amountMinor: number })
  | (Moment<"order"> & {
      readonly cafeId: string;
      /** Null: somebody without an account, who pays in cash. */
      readonly studentId: string | null;
      readonly lines: readonly Line[];
      readonly end: OrderEnd;
    })
  | (Moment<"settle" | "pay"> & { readonly cafeId: string });

type OrderEnd = "completed" | "cancelled" | "refunded";

interface Moment<Kind extends string> {
  readonly kind: Kind;
  /** Of the cafés' calendar. */
  readonly day: string;
  readonly minute: number;
}

interface Line {
  readonly menu_item_id: string;
  readonly quantity: number;
  readonly choice_ids: readonly string[];
}

export interface Dish {
  readonly id: string;
  readonly priceMinor: number;
  readonly choices: readonly { readonly id: string; readonly priceMinor: number }[];
}

export interface Place {
  readonly cafeId: string;
  readonly code: string;
  readonly dishes: readonly Dish[];
}

interface Campus {
  readonly places: readonly Place[];
  readonly studentIds: readonly string[];
  /** What each wallet begins with, and is never below at the end of an act. */
  readonly welcomeMinor: number;
  readonly today: string;
}

const days = 28;
const weekdayOrders: Readonly<Record<string, number>> = { AULA: 6, NORR: 7, BIBL: 4 };
/** When people come: the middle of each rush, in minutes of the day. */
const rushes: Readonly<Record<string, readonly number[]>> = { AULA: [500, 615, 880], NORR: [705, 735, 765], BIBL: [570, 780, 940] };
const topUpStepMinor = 20_000;

/** From 0 to below the limit, and the same for the same name. */
const draw = (name: string, below: number): number => Number.parseInt(idOf(`past ${name}`).slice(0, 8), 16) % below;

const dayBefore = (today: string, count: number): Date => new Date(Date.parse(`${today}T12:00:00Z`) - count * 86_400_000);

/** The same for the same day and the same menus. */
export function planPast({ places, studentIds, welcomeMinor, today }: Campus): Act[] {
  const acts: Act[] = [];
  const balances = new Map(studentIds.map((id) => [id, welcomeMinor]));
  for (let back = days; back >= 0; back -= 1) {
    const date = dayBefore(today, back);
    const day = date.toISOString().slice(0, 10);
    const weekday = date.getUTCDay();
    const ofDay: Act[] = [];
    if (back === days) ofDay.push({ kind: "welcome", day, minute: 0 });
    for (const { cafeId } of places) {
      ofDay.push({ kind: "settle", cafeId, day, minute: 20 });
      if (weekday === 1) ofDay.push({ kind: "pay", cafeId, day, minute: 560 });
    }
    const visits = places.flatMap((place) => visitsOf(place, day, weekday, studentIds));
    visits.sort((one, other) => byMinute(one.order, other.order));
    for (const visit of visits) ofDay.push(...topUpBefore(visit, balances, welcomeMinor), visit.order);
    acts.push(...ofDay.sort(byMinute));
  }
  return acts;
}

const byMinute = (one: Act, other: Act): number => one.minute - other.minute;

interface Visit {
  readonly name: string;
  readonly order: Extract<Act, { kind: "order" }>;
  readonly totalMinor: number;
}

function visitsOf(place: Place, day: string, weekday: number, studentIds: readonly string[]): Visit[] {
  const isWeekend = weekday === 0 || weekday === 6;
  const orders = Math.round((weekdayOrders[place.code] ?? 0) * (isWeekend ? 0.3 : 1) + draw(`${day} ${place.code}`, 4) - 1);
  return Array.from({ length: Math.max(0, orders) }, (_, number) => visit(place, day, number, studentIds));
}

/** One person at one counter. */
function visit(place: Place, day: string, number: number, studentIds: readonly string[]): Visit {
  const name = `${day} ${place.code} ${number}`;
  const rush = rushes[place.code]?.[number % 3] ?? 720;
  const minute = rush + draw(`${name} a`, 40) + draw(`${name} b`, 40) - 40;
  const studentId = draw(`${name} cash`, 6) === 0 ? null : whoComes(place, name, number, studentIds);
  const { lines, totalMinor } = basket(place, name);
  const luck = draw(`${name} end`, 60);
  const end: OrderEnd = studentId === null || luck > 2 ? "completed" : luck === 0 ? "refunded" : "cancelled";
  return { name, totalMinor, order: { kind: "order", cafeId: place.cafeId, day, minute, studentId, lines, end } };
}

/** Before the order that needs it: wherever "now" cuts the day, no wallet is below what it began with. */
function topUpBefore({ name, order, totalMinor }: Visit, balances: Map<string, number>, welcomeMinor: number): Act[] {
  const { day, minute, studentId, end } = order;
  if (studentId === null || end !== "completed") return [];
  const left = (balances.get(studentId) ?? 0) - totalMinor;
  const amountMinor = Math.ceil(Math.max(0, welcomeMinor - left) / topUpStepMinor) * topUpStepMinor;
  balances.set(studentId, left + amountMinor);
  return amountMinor === 0 ? [] : [{ kind: "top_up", day, minute: minute - 2 - draw(`${name} up`, 90), studentId, amountMinor }];
}

/** The first two students, whose phones the demo shows, come nearly every day. */
function whoComes({ code }: Place, name: string, number: number, studentIds: readonly string[]): string {
  const isRegular = (number === 0 && code === "AULA") || (number === 3 && code === "NORR");
  const index = isRegular ? draw(`${name} regular`, 2) : draw(`${name} who`, studentIds.length);
  return studentIds[index] ?? studentIds[0] ?? "";
}

function basket({ dishes }: Place, name: string): { readonly lines: Line[]; readonly totalMinor: number } {
  // The smaller of two draws: what stands first on the menu is what most people take.
  const first = Math.min(draw(`${name} dish`, dishes.length), draw(`${name} dish too`, dishes.length));
  const second = draw(`${name} with it`, 3) === 0 ? (first + 3) % dishes.length : first;
  const lines: Line[] = [];
  let totalMinor = 0;
  for (const index of new Set([first, second])) {
    const dish = dishes[index];
    if (!dish) continue;
    const choice =
      draw(`${name} ${index} choice`, 4) === 0 ? dish.choices[draw(`${name} ${index} which`, dish.choices.length || 1)] : undefined;
    const quantity = draw(`${name} ${index} two`, 9) === 0 ? 2 : 1;
    lines.push({ menu_item_id: dish.id, quantity, choice_ids: choice ? [choice.id] : [] });
    totalMinor += quantity * (dish.priceMinor + (choice?.priceMinor ?? 0));
  }
  return { lines, totalMinor };
}
