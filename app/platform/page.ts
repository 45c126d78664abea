/** Which page of a list is asked for. */
export interface PageInput {
  readonly limit: number;
  /** The last id of the page before. */
  readonly after: string | undefined;
}

export interface Page<Row> {
  readonly items: Row[];
  /** The cursor of the page behind this one; null on the last. */
  readonly next: string | null;
}

/** One row more than the limit was read: it tells that a further page exists. */
export function pageOf<Row extends { readonly id: string }>(rows: readonly Row[], limit: number): Page<Row> {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
