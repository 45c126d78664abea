/** One row more than the limit was read: it tells that a further page exists. */
export function pageOf<Row extends { readonly id: string }>(rows: readonly Row[], limit: number): { items: Row[]; next: string | null } {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
