/** One line of `journalctl --output=json`. A message that is no UTF-8 comes as numbers. */
export interface JournalEntry {
  readonly __CURSOR: string;
  readonly __REALTIME_TIMESTAMP: string;
  readonly MESSAGE?: string | readonly number[] | null;
  readonly PRIORITY?: string;
  readonly SYSLOG_IDENTIFIER?: string;
  readonly _SYSTEMD_UNIT?: string;
}

export interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

/** What one PutLogEvents may carry, as CloudWatch limits it. */
export interface Batch {
  readonly group: string;
  readonly events: LogEvent[];
  bytes: number;
}

const maxBatchBytes = 1_000_000;
const maxBatchEvents = 10_000;
const maxMessageBytes = 250_000;
/** Counted for each event beside its own bytes. */
export const overheadBytes = 26;
const warning = 4;

/** The log group of a line: each of our units has one, and of everything else only what warns. */
export function groupOf({ SYSLOG_IDENTIFIER = "", _SYSTEMD_UNIT = "", PRIORITY = "6" }: JournalEntry): string | undefined {
  if (SYSLOG_IDENTIFIER === "campus-pay-api") return "api";
  if (SYSLOG_IDENTIFIER.startsWith("campus-pay-worker")) return "worker";
  if (/^campus[-_]pay[-_]nginx$/.test(SYSLOG_IDENTIFIER)) return "nginx";
  if (SYSLOG_IDENTIFIER.startsWith("campus-pay") || _SYSTEMD_UNIT.startsWith("campus-pay") || SYSLOG_IDENTIFIER === "cloud-init")
    return "system";
  return Number(PRIORITY) <= warning ? "system" : undefined;
}

export function messageOf({ MESSAGE }: JournalEntry): string {
  const text = typeof MESSAGE === "string" ? MESSAGE : Buffer.from(MESSAGE ?? []).toString();
  // CloudWatch refuses an empty one.
  return text === "" ? " " : text;
}

export function addEvent(batches: Batch[], group: string, event: LogEvent): void {
  const message = Buffer.byteLength(event.message) > maxMessageBytes ? event.message.slice(0, maxMessageBytes / 4) : event.message;
  const bytes = Buffer.byteLength(message) + overheadBytes;
  const open = batches.findLast((batch) => batch.group === group);
  const fits = open && open.bytes + bytes <= maxBatchBytes && open.events.length < maxBatchEvents;
  const batch = fits ? open : { group, events: [], bytes: 0 };
  if (!fits) batches.push(batch);
  batch.events.push({ timestamp: event.timestamp, message });
  batch.bytes += bytes;
}
