// Sends the journal to CloudWatch Logs. The journal is the buffer: the place that was sent last is kept, so nothing is lost while
// CloudWatch is away and a line may come twice after a crash.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import { createInterface } from "node:readline";
import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { addEvent, type Batch, groupOf, type JournalEntry, messageOf } from "./journal.ts";
import { readMetadata } from "./metadata.ts";
import { environmentOfHost, hostSettings } from "./settings.ts";
import { writeWhole } from "./write-whole.ts";

const cursorFile = "/var/lib/campus-pay-logs/cursor";
const sendEveryMs = 2_000;
const retryMs = 5_000;
const maxWaiting = 20_000;
const gaugesEveryMs = 60_000;

const { LOG_GROUP_PREFIX, AWS_REGION } = hostSettings(environmentOfHost());
const client = new CloudWatchLogsClient({ region: AWS_REGION, maxAttempts: 3 });
// Without it some regions keep an embedded metric as a text.
client.middlewareStack.add(
  (next) => (call) => {
    (call.request as { headers: Record<string, string> }).headers["x-amzn-logs-format"] = "json/emf";
    return next(call);
  },
  { step: "build", name: "embeddedMetrics" },
);

const made = new Set<string>();

async function send(stream: string, { group, events }: Batch): Promise<void> {
  const place = { logGroupName: `${LOG_GROUP_PREFIX}/${group}`, logStreamName: stream };
  if (!made.has(group)) {
    await client.send(new CreateLogStreamCommand(place)).catch((error: Error) => {
      if (error.name !== "ResourceAlreadyExistsException") throw error;
    });
    made.add(group);
  }
  const logEvents = [...events].sort((a, b) => a.timestamp - b.timestamp);
  await client.send(new PutLogEventsCommand({ ...place, logEvents }));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function main(): Promise<void> {
  const stream = (await readMetadata("instance-id")) ?? "machine";
  // The first time all of it: a machine's journal begins with the machine. Without --merge, --follow means this boot alone, whose id /proc tells;
  // behind ProtectProc that may be another boot's, and nothing would ever be followed.
  const since = existsSync(cursorFile) ? [`--after-cursor=${readFileSync(cursorFile, "utf8")}`] : [];
  const journal = spawn("journalctl", ["--follow", "--merge", "--output=json", "--lines=all", ...since], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  journal.once("close", (code) => process.exit(code ?? 1));
  const lines = createInterface({ input: journal.stdout });
  let batches: Batch[] = [];
  let waiting = 0;
  let cursor = "";
  lines.on("line", (line) => {
    const entry = JSON.parse(line) as JournalEntry;
    cursor = entry.__CURSOR;
    const group = groupOf(entry);
    if (group === undefined) return;
    addEvent(batches, group, { timestamp: Math.floor(Number(entry.__REALTIME_TIMESTAMP) / 1000), message: messageOf(entry) });
    waiting += 1;
    if (waiting >= maxWaiting) lines.pause();
  });
  setInterval(() => addEvent(batches, "system", { timestamp: Date.now(), message: gauges() }), gaugesEveryMs);
  for (;;) {
    await pause(sendEveryMs);
    const [sending, upTo] = [batches, cursor];
    batches = [];
    for (const batch of sending) {
      while (!(await send(stream, batch).then(() => true, complain))) await pause(retryMs);
    }
    waiting = 0;
    lines.resume();
    if (upTo === "") continue;
    writeWhole(cursorFile, upTo);
  }
}

let complained = "";
function complain(error: Error): false {
  if (error.message !== complained) console.error(`campus-pay: logs cannot be sent, tried again until they can: ${error.message}`);
  complained = error.message;
  return false;
}

/** What only the machine knows, as an embedded metric. */
function gauges(): string {
  const used = Math.round((1 - freemem() / totalmem()) * 1000) / 10;
  const metrics = { Namespace: "CampusPay", Dimensions: [[]], Metrics: [{ Name: "MemoryUsedPercent", Unit: "Percent" }] };
  return JSON.stringify({ _aws: { Timestamp: Date.now(), CloudWatchMetrics: [metrics] }, MemoryUsedPercent: used });
}

await main();
