import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { eventsPage, eventTable } from "./event-catalogue.ts";

const app = path.join(import.meta.dirname, "..");

async function emittedEvents(): Promise<Set<string>> {
  const files = (await readdir(app, { recursive: true })).filter((file) => /\.(ts|sql)$/.test(file) && !file.endsWith(".test.ts"));
  const texts = await Promise.all(files.map((file) => readFile(path.join(app, file), "utf8")));
  return new Set(texts.flatMap(eventsIn));
}

// After emit_event's channels, or in a row of an insert into events, stands the event's name.
const eventsIn = (text: string): string[] => {
  const calls = [
    ...text.matchAll(/emit_event\((?:array\[[^\]]*\]|array_remove\(array\[[^\]]*\], null\)|\$\{[^}]*\}(?:::text\[\])?),\s*'([a-z_]+)'/g),
  ];
  const inserts = [...text.matchAll(/insert into events \(channels, event, data\) values\s*((?:\(array\[[\s\S]*?\)\),?\s*)+)/g)];
  const rows = inserts.flatMap(([, values]) => [...(values ?? "").matchAll(/\(array\[[^\]]*\],\s*'([a-z_]+)'/g)]);
  return [...calls, ...rows].map(([, name]) => name ?? "");
};

test("every event that the app emits stands in the table that the API document shows, and the table names no other", async () => {
  const own = ["heartbeat", "resync", "reconnect"];
  expect([...(await emittedEvents()), ...own].toSorted()).toEqual(Object.keys(eventTable).toSorted());
});

test("the page of the docs shows the table as it is", async () => {
  expect(await readFile(path.join(app, "../docs/live.md"), "utf8")).toContain(eventsPage);
});
