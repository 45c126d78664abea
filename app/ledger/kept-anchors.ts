import type { Config } from "../platform/config.ts";
import { type ObjectStore, openObjectStore } from "../platform/objects.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

/*
 * The daily seals, kept outside the database that they guard: in the bucket of the receipts, which locks what it holds. Whoever may change
 * every row of the database, seals included, still cannot make them fit what was kept here.
 */
interface KeptAnchor {
  readonly day: string;
  readonly transactions: number;
  readonly hash: string;
}

type StorePlace = Pick<Config, "RECEIPTS_BUCKET" | "OBJECT_FOLDER" | "AWS_REGION" | "S3_URL">;

export const openAnchorStore = ({ RECEIPTS_BUCKET, OBJECT_FOLDER, AWS_REGION, S3_URL }: StorePlace): ObjectStore =>
  openObjectStore({ bucket: RECEIPTS_BUCKET, folder: OBJECT_FOLDER, region: AWS_REGION, s3Url: S3_URL });

const keyOf = (day: string): string => `receipts/anchors/${day}.json`;
const maxBytes = 10_000;

/** Keeps a day's seal, once: what is there already stays as it was. */
export async function keepAnchor(db: Queryable, store: ObjectStore, day: string): Promise<void> {
  const anchor = await readAnchor(db, day);
  if (!anchor) throw new Error(`The day ${day} is not sealed.`);
  await store.put(keyOf(day), Buffer.from(JSON.stringify(anchor)), { contentType: "application/json", once: true });
}

const readAnchor = (db: Queryable, day: string): Promise<KeptAnchor | undefined> =>
  db.row<KeptAnchor>(
    sql`select to_char(day, 'YYYY-MM-DD') as day, transactions, encode(hash, 'hex') as hash from ledger_anchors where day = ${day}::date`,
  );

/** As far back as a look at night goes; each seal carries the one before it, so an older one cannot be changed alone. */
const maxDays = 400;

/** Holds the seals of the database against those that were kept, the newest days first. */
export async function verifyKeptAnchors(db: Queryable, store: ObjectStore): Promise<{ compared: number; problems: string[] }> {
  const anchors = await db.rows<KeptAnchor & { isFresh: boolean }>(sql`
    select to_char(day, 'YYYY-MM-DD') as day, transactions, encode(hash, 'hex') as hash, created_at > now() - interval '2 hours' as is_fresh
    from ledger_anchors order by day desc limit ${maxDays}`);
  const problems: string[] = [];
  let compared = 0;
  for (const anchor of anchors) {
    const bytes = await store.get(keyOf(anchor.day), maxBytes);
    if (bytes === undefined) {
      if (!anchor.isFresh) problems.push(`${anchor.day}: its seal was never kept outside the database, or is gone from there`);
      continue;
    }
    compared += 1;
    const kept = JSON.parse(bytes.toString()) as KeptAnchor;
    if (kept.hash !== anchor.hash || kept.transactions !== anchor.transactions)
      problems.push(
        `${anchor.day}: the database says ${anchor.hash.slice(0, 12)}… over ${anchor.transactions} transactions, kept was ${kept.hash.slice(0, 12)}… over ${kept.transactions}`,
      );
  }
  return { compared, problems };
}
