import { expect, test } from "vitest";
import { whyNotEmitted } from "../../dashboards/emitted.ts";
import { readAlarms } from "../../dashboards/evaluator/alarms.ts";
import { anyArtifact, type Environment, environments, withArtifact } from "../../regions/index.ts";
import { refuseMissingRunbook, refuseUnemitted, topicOf } from "../../stacks/constructs/alarm.ts";
import { synthesizeCampus } from "../../stacks/rules/synthesized.ts";
import { runCheck } from "../runbooks/run-check.ts";
import { gapsOf, type Parts, partsOfTheProject, readClosure } from "./closure.ts";
import { whyPointless } from "./ringing.ts";

const production = environments.production as Environment;
const parts = partsOfTheProject();
const rows = readClosure(production, parts);

test("the table is complete: each alarm has a metric that a panel draws, a page with a check, and each page was heard", () => {
  expect(gapsOf(rows, parts)).toEqual([]);
  expect(rows.length).toBeGreaterThan(60);
});

const all = [...synthesizeCampus(withArtifact(production, anyArtifact)).stacks.values()].flatMap((stack) => readAlarms(stack as never));

test("every alarm can ring and can be quiet, by its own definition", () => {
  expect(all.map(whyPointless).filter((why) => why !== undefined)).toEqual([]);
});

const alarmNamed = (ending: string) => {
  const alarm = all.find(({ name }) => name.endsWith(ending));
  if (alarm?.kind !== "metric") throw new Error(`there is no alarm ${ending}`);
  return alarm;
};
const gaps = (change: Partial<Parts>): string => {
  const broken = { ...parts, ...change };
  return gapsOf(readClosure(production, broken), broken).join("\n");
};
const withoutBlocks = (page: string) => parts.pages.map((one) => (one.name === page ? { ...one, blocks: [] } : one));
const metric = { namespace: "CampusPay", name: "RedisUp", dimensions: {}, statistic: "Minimum" } as const;
const watched = (of: typeof metric | object) => ({ watched: { of: { m: { ...metric, ...of } }, periodSeconds: 60 }, periods: 1 });

const breaks: readonly { readonly planted: string; readonly says: RegExp; readonly found: () => string | Promise<string> }[] = [
  {
    planted: "a metric that was renamed",
    says: /redis-down could never ring: nobody emits the metric CampusPay RedisIsUp/,
    found: () => thrown(() => refuseUnemitted("redis-down", watched({ name: "RedisIsUp" }))),
  },
  {
    planted: "a label that was dropped",
    says: /SloEvents is emitted by {slo, good}, and asked for by {slo}/,
    found: () => thrown(() => refuseUnemitted("scan", watched({ name: "SloEvents", dimensions: { slo: "scan" } }))),
  },
  {
    planted: "a window that CloudWatch refuses",
    says: /too-long looks back 108000 s; CloudWatch allows 86400/,
    found: () => thrown(() => refuseUnemitted("too-long", { ...watched({}), periods: 1_800 })),
  },
  {
    planted: "a runbook that was deleted",
    says: /redis-down names the runbook "redis.md", which does not exist/,
    found: () => thrown(() => refuseMissingRunbook("redis-down", "redis.md")),
  },
  {
    planted: "an alarm without a severity",
    says: /the alarm redis-down has the severity "undefined"; use "page" \(wakes somebody\) or "ticket"/,
    found: () => thrown(() => topicOf("redis-down", { severity: undefined, tell: {} } as unknown as Parameters<typeof topicOf>[1])),
  },
  {
    planted: "a page that lists an alarm that is gone",
    says: /runbooks\/pos-silent-or-lost-reader\.md lists till-silent, which does not exist/,
    found: () =>
      gaps({ pages: parts.pages.map((one) => (one.name.startsWith("pos-") ? { ...one, alarms: [...one.alarms, "till-silent"] } : one)) }),
  },
  {
    planted: "a page whose checks are gone",
    says: /the alarm pos-silent leads to runbooks\/pos-silent-or-lost-reader\.md, which has no check/,
    found: () => gaps({ pages: withoutBlocks("pos-silent-or-lost-reader") }),
  },
  {
    planted: "a panel of a metric that nobody emits",
    says: /nobody emits the metric AWS\/RDS Connections/,
    found: () => whyNotEmitted({ namespace: "AWS/RDS", name: "Connections", dimensions: { DBInstanceIdentifier: "" } }) ?? "",
  },
  {
    planted: "an alarm whose metric no panel draws",
    says: /the alarm redis-down looks at CampusPay RedisUp, which no panel draws/,
    found: () => gaps({ panels: parts.panels.filter(({ draws }) => !draws.includes("CampusPay RedisUp")) }),
  },
  {
    planted: "a page that was never heard to ring",
    says: /the alarm redis-down pages and was never heard/,
    found: () => gaps({ gameDays: parts.gameDays.filter(({ alarm }) => alarm !== "redis-down") }),
  },
  {
    planted: "an alarm of AWS whose planted day was taken away",
    says: /the alarm rds-storage-low pages and was never heard/,
    found: () => gaps({ plantedDays: parts.plantedDays.filter(({ alarm }) => alarm !== "rds-storage-low") }),
  },
  {
    planted: "a game day of an alarm that is gone",
    says: /the game day flood waits for water, which does not exist/,
    found: () => gaps({ gameDays: [...parts.gameDays, { name: "flood", fault: "", alarm: "water", withinMinutes: 1, page: "roll-back" }] }),
  },
  {
    planted: "a threshold that never rings",
    says: /north-scan-availability-fast-burn-long never rings/,
    found: () => whyPointless({ ...alarmNamed("north-scan-availability-fast-burn-long"), threshold: 1.44 }) ?? "",
  },
  {
    planted: "a threshold that always rings",
    says: /north-outbox-dead always rings/,
    found: () => whyPointless({ ...alarmNamed("north-outbox-dead"), threshold: -1 }) ?? "",
  },
  {
    planted: "a command whose output changed",
    says: /Verify: expected \/\^The books are sound\/, exit code 0, it printed:\nAll is well/,
    found: async () =>
      (
        await runCheck(
          { kind: "check", place: "here", section: "Verify", command: "echo All is well", expected: "^The books are sound", otherwise: "" },
          { cwd: process.cwd(), env: process.env },
        )
      ).why,
  },
];

test.each(breaks)("$planted fails with a message that names the thing", async ({ found, says }) => {
  expect(await found()).toMatch(says);
});

const thrown = (work: () => void): string => {
  try {
    work();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};
