import { type Database, type Statement, sql } from "../platform/postgres.ts";
import { movedMoney, type Report, type ReportInput, type ReportScope, readReport, type Span, soldLines } from "./report.ts";

/** A refund names no dish: it is shared among the order's lines in proportion to what they cost. */
export interface Takings {
  readonly quantity: number;
  readonly grossMinor: number;
  readonly refundsMinor: number;
  readonly netMinor: number;
}

export interface OptionTakings {
  readonly groupName: string;
  readonly name: string;
  readonly quantity: number;
  /** Already in the item's own; refunds are not taken off. */
  readonly grossMinor: number;
}

export interface ItemTakings extends Takings {
  readonly menuItemId: string;
  /** As it stands on the menu now. */
  readonly itemName: string;
  readonly options: readonly OptionTakings[];
}

export type ItemPerformance = Report<{
  readonly totals: Takings;
  /** What deliveries were charged; the quantity counts them. */
  readonly delivery: Takings;
  /** What brought most comes first. */
  readonly items: readonly ItemTakings[];
}>;

interface Row {
  /** null: the deliveries. */
  readonly menuItemId: string | null;
  readonly itemName: string | null;
  readonly quantity: number;
  readonly grossMinor: number;
  readonly refundsMinor: number;
  readonly options: readonly OptionTakings[];
}

export const readItemPerformance = (db: Pick<Database, "snapshot">, input: ReportInput): Promise<ItemPerformance> =>
  readReport(db, input, async (tx, scope) => {
    const rows: Row[] = [];
    for (const span of scope.spans) rows.push(...(await tx.rows<Row>(takingsIn(scope, span))));
    const byItem = [...Map.groupBy(rows, ({ menuItemId }) => menuItemId)];
    const items = byItem.flatMap(([menuItemId, of]) =>
      menuItemId === null
        ? []
        : [{ ...takingsOf(of), menuItemId, itemName: of[0]?.itemName ?? "", options: optionsOf(of.flatMap(({ options }) => options)) }],
    );
    return {
      totals: takingsOf(rows),
      delivery: takingsOf(rows.filter(({ menuItemId }) => menuItemId === null)),
      items: items.toSorted((a, b) => b.grossMinor - a.grossMinor || a.itemName.localeCompare(b.itemName)),
    };
  });

const takingsIn = (scope: ReportScope, span: Span): Statement => sql`
  with moved as materialized (${movedMoney(scope, span)}),
  ${soldLines},
  piece as (
    select menu_item_id, quantity, gross_minor, 0::bigint as refunds_minor from line
    union all
    select s.menu_item_id, 0, 0, s.amount_minor from moved m, lateral refund_shares(m.id) s where m.what in ('refund', 'return')),
  taken as (
    select menu_item_id, sum(quantity)::bigint as quantity, sum(gross_minor)::bigint as gross_minor, sum(refunds_minor)::bigint as refunds_minor
    from piece group by menu_item_id),
  chosen as materialized (
    select l.menu_item_id, c.option ->> 'group_name' as group_name, c.option ->> 'name' as name, sum(l.quantity)::bigint as quantity,
      sum((c.option ->> 'price_minor')::bigint * l.quantity)::bigint as gross_minor
    from dish l, jsonb_array_elements(l.options) c (option) where l.options <> '[]'
    group by l.menu_item_id, c.option ->> 'group_name', c.option ->> 'name')
  select t.*, m.name as item_name, coalesce((
    select json_agg(json_build_object('groupName', c.group_name, 'name', c.name, 'quantity', c.quantity, 'grossMinor', c.gross_minor))
    from chosen c where c.menu_item_id = t.menu_item_id), '[]') as options
  from taken t left join menu_items m on m.id = t.menu_item_id`;

function takingsOf(rows: readonly Pick<Row, "quantity" | "grossMinor" | "refundsMinor">[]): Takings {
  const sumOf = (field: "quantity" | "grossMinor" | "refundsMinor") => rows.reduce((left, row) => left + row[field], 0);
  const [quantity, grossMinor, refundsMinor] = [sumOf("quantity"), sumOf("grossMinor"), sumOf("refundsMinor")];
  return { quantity, grossMinor, refundsMinor, netMinor: grossMinor - refundsMinor };
}

/** The same choice of several spans added up, by group and then by how often it was chosen. */
function optionsOf(chosen: readonly OptionTakings[]): OptionTakings[] {
  const added = new Map<string, OptionTakings>();
  for (const each of chosen) {
    const key = JSON.stringify([each.groupName, each.name]);
    const before = added.get(key) ?? { quantity: 0, grossMinor: 0 };
    added.set(key, { ...each, quantity: before.quantity + each.quantity, grossMinor: before.grossMinor + each.grossMinor });
  }
  return [...added.values()].toSorted(
    (a, b) => a.groupName.localeCompare(b.groupName) || b.quantity - a.quantity || a.name.localeCompare(b.name),
  );
}
