import { parseConfig } from "../platform/config.ts";
import { openPlatform } from "../platform/context.ts";
import { deliverDue } from "../platform/outbox.ts";

// A worker that takes a row of "test.hang", says so, and never gets any further: what a test kills in the middle.
const platform = await openPlatform(parseConfig(process.env), { process: "worker" });
const deliver = async (row: { readonly id: string }) => {
  process.stdout.write(`taken ${row.id}\n`);
  await new Promise(() => setInterval(() => undefined, 60_000));
};
await deliverDue(platform, { "test.hang": { deliver, timeoutMs: 2_000, maxTries: 5 } }, () => undefined);
