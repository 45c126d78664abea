import { parquetReadObjects } from "hyparquet";
import type { Config } from "../platform/config.ts";
import { notFound } from "../platform/errors.ts";
import { openObjectStore } from "../platform/objects.ts";

/** What the nightly jobs published last (app/analytics): one run, whose files never change. */
export interface PublishedRun {
  readonly run: string;
  /** The first and the last business day in it. */
  readonly from: string;
  readonly last: string;
  /** The moment of the database's snapshot that it was made of. */
  readonly asOf: string;
  /** For each table, its files by month; a table that is kept whole has one. */
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export type PublishedRow = Readonly<Record<string, string | number | boolean | Date | null>>;

export interface PublishedTables {
  /** NOT_FOUND before the first night. */
  run(): Promise<PublishedRun>;
  /** A café's rows of a table; of one that is kept by month, of the months that hold these days. */
  rows(run: PublishedRun, table: string, cafeId: string, days?: { readonly from: string; readonly to: string }): Promise<PublishedRow[]>;
}

const pointerKey = "lake/tables/current.json";
const maxPointerBytes = 4_000_000;
const maxFileBytes = 64_000_000;
const keptFiles = 48;

/** Reads the pointer for each request, so that all of an answer is of one run; files are kept, since a name is never used twice. */
export function openPublishedTables({ ANALYTICS_BUCKET, OBJECT_FOLDER, AWS_REGION, S3_URL }: Config): PublishedTables {
  const store = openObjectStore({ bucket: ANALYTICS_BUCKET, folder: OBJECT_FOLDER, region: AWS_REGION, s3Url: S3_URL });
  const kept = new Map<string, ArrayBuffer>();
  const read = async (path: string): Promise<ArrayBuffer> => {
    const known = kept.get(path);
    if (known) kept.delete(path);
    const bytes = known ?? (await fetchFile(path));
    kept.set(path, bytes);
    for (const oldest of kept.keys()) {
      if (kept.size <= keptFiles) break;
      kept.delete(oldest);
    }
    return bytes;
  };
  const fetchFile = async (path: string): Promise<ArrayBuffer> => {
    const found = await store.get(`lake/${path}`, maxFileBytes);
    if (!found) throw new Error(`The published file ${path} is missing: the last three runs are kept, was an older pointer put back?`);
    return new Uint8Array(found).buffer;
  };
  return {
    async run() {
      const text = await store.get(pointerKey, maxPointerBytes);
      if (!text) throw notFound("A night's analytics");
      const { run, facts, files } = JSON.parse(text.toString("utf8"));
      return { run, from: facts.from, last: facts.last, asOf: facts.as_of, files };
    },
    async rows(run, table, cafeId, days) {
      const months = Object.entries(run.files[table] ?? {}).filter(
        ([month]) => days === undefined || (month >= days.from.slice(0, 7) && month <= days.to.slice(0, 7)),
      );
      const found: PublishedRow[] = [];
      for (const [, path] of months) {
        const rows = await parquetReadObjects({ file: await read(path), filter: { cafe_id: { $eq: cafeId } } });
        for (const row of rows) found.push(plain(row));
      }
      return found;
    },
  };
}

/** Whole numbers of 64 bits as numbers: no sum of a café comes near 2^53. */
const plain = (row: Record<string, unknown>): PublishedRow =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value])) as PublishedRow;
