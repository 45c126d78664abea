/** A place in the events: behind every event of a smaller transaction, or smaller id in the same one. Clients hold it as `xid-id`. */
export interface Cursor {
  readonly xid: bigint;
  readonly id: number;
}

/** Bounded so that what fits here fits PostgreSQL's xid8 and a safe integer. */
export const cursorPattern = /^(\d{1,19})-(\d{1,15})$/;

export function parseCursor(text: string): Cursor | undefined {
  const [, xid, id] = cursorPattern.exec(text) ?? [];
  return xid === undefined || id === undefined ? undefined : { xid: BigInt(xid), id: Number(id) };
}

export const cursorText = ({ xid, id }: Cursor): string => `${xid}-${id}`;

export const isAfter = (a: Cursor, b: Cursor): boolean => a.xid > b.xid || (a.xid === b.xid && a.id > b.id);
