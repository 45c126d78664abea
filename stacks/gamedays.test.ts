import { describe, expect, test } from "vitest";
import { Alarms } from "../dashboards/evaluator/alarms.ts";
import { openAws, type Planted } from "../dashboards/evaluator/aws-says.ts";
import { Metrics } from "../dashboards/evaluator/metrics.ts";
import { burningDays, type PlantedDay, plantedDays, plantedEvents } from "../dashboards/gamedays.ts";
import { objectives } from "../dashboards/slo.ts";
import { anyArtifact, type Environment, environments, withArtifact } from "../regions/index.ts";
import { alarmsOfRegion } from "./rules/region-alarms.ts";
import { resourcesOf, synthesizeCampus } from "./rules/synthesized.ts";

const production = environments.production as Environment;
const regions = { north: alarmsOfRegion(production, "north"), south: alarmsOfRegion(production, "south") };
const minuteMs = 60_000;
const calmMinutes = 30;
/** A day that lasts for days is looked at by the hour: nothing on it moves faster. */
const stepOf = ({ withinMinutes }: Pick<PlantedDay, "withinMinutes">): number => (withinMinutes > 600 ? 60 : 1);

/** The region's alarms on what AWS and the app say; the clock is ours. */
function openRegion(place: "north" | "south") {
  const { alarms, severities } = regions[place];
  const metrics = new Metrics();
  const aws = openAws(alarms, metrics);
  const evaluated = new Alarms(alarms, metrics);
  const told = [...severities.keys()];
  let minute = 0;
  return {
    get minute() {
      return minute;
    },
    /** A thousand events of a promise in a minute, so many of them bad. */
    pass(minutes: number, planted: Planted = {}, events?: { readonly slo: string; readonly bad: number }): readonly string[] {
      for (const last = minute + minutes; minute < last; minute += 1) {
        for (const [good, count] of events
          ? ([
              ["true", 1_000 - events.bad],
              ["false", events.bad],
            ] as const)
          : [])
          metrics.put({
            namespace: "CampusPay",
            name: "SloEvents",
            dimensions: { slo: events?.slo ?? "", good },
            atMs: minute * minuteMs,
            values: [count],
          });
        aws.say(minute, planted);
        metrics.put({ namespace: "CampusPay", name: "RedisUp", dimensions: {}, atMs: minute * minuteMs, values: [1] });
        for (const [name, value] of Object.entries(planted))
          if (name.startsWith("CampusPay ") && value !== undefined)
            metrics.put({
              namespace: "CampusPay",
              name: name.slice("CampusPay ".length),
              dimensions: {},
              atMs: minute * minuteMs,
              values: [value],
            });
      }
      evaluated.tick(minute * minuteMs);
      return told.filter((name) => evaluated.state(name) === "ALARM");
    },
    pages: (ringing: readonly string[]) => ringing.filter((name) => severities.get(name) === "page"),
  };
}

const isOf = (alarm: string) => (name: string) => name === alarm || name.startsWith(`${alarm}-`);

describe("what only AWS can say, planted and evaluated on the alarms as they are synthesized", () => {
  test.each(plantedDays)("game day $name: $fault, $alarm rings in time, no other page does, and it ends", (day) => {
    const region = openRegion(day.place);
    for (let minute = 0; minute < calmMinutes; minute += 1) expect(region.pass(1), `minute ${minute} of a calm time`).toEqual([]);
    const step = stepOf(day);
    const beganAt = region.minute;
    let ringing: readonly string[] = [];
    while (!ringing.some(isOf(day.alarm))) {
      expect(region.minute - beganAt, `${day.alarm} did not ring in time; there rang ${ringing.join(", ") || "nothing"}`).toBeLessThan(
        day.withinMinutes,
      );
      ringing = region.pass(step, day.planted);
    }
    const rangAfter = region.minute - beganAt;
    expect(region.pages(ringing).filter((name) => !isOf(day.alarm)(name))).toEqual([]);
    const mendedAt = region.minute;
    // A snapshot is made in the night after: a day at most.
    while (region.pages(ringing).length > 0 && region.minute - mendedAt < 26 * 60) ringing = region.pass(step);
    expect(region.pages(ringing), `${day.alarm} did not end`).toEqual([]);
    if (process.env.GAMEDAY)
      console.log(
        `GAMEDAY ${day.name}: ${day.alarm} rang after ${rangAfter} min (promised ${day.withinMinutes}), ended ${region.minute - mendedAt} min after AWS said better`,
      );
  });

  test.each(burningDays)("game day $name: $fault, $alarm rings in time, no other page does, and it ends", ({ slo, rate, ...day }) => {
    const region = openRegion(day.place);
    const step = 10;
    while (region.minute < 6 * 60) expect(region.pass(step, {}, { slo, bad: 0 })).toEqual([]);
    const bad = 1_000 * rate * (1 - objectives[slo].target);
    let ringing: readonly string[] = [];
    let passed = 0;
    for (; !ringing.includes(day.alarm); passed += step) {
      expect(passed, `${day.alarm} did not ring in time; there rang ${ringing.join(", ") || "nothing"}`).toBeLessThan(day.withinMinutes);
      ringing = region.pass(step, {}, { slo, bad });
    }
    expect(region.pages(ringing)).toEqual([day.alarm]);
    let mended = 0;
    for (; region.pages(ringing).length > 0 && mended < 120; mended += step) ringing = region.pass(step, {}, { slo, bad: 0 });
    expect(region.pages(ringing), `${day.alarm} did not end`).toEqual([]);
    if (process.env.GAMEDAY)
      console.log(`GAMEDAY ${day.name}: ${day.alarm} rang after ${passed} min (promised ${day.withinMinutes}), ended ${mended} min after`);
  });

  test.each(["north", "south"] as const)("an hour of what AWS says of a healthy region rings nothing: %s", (place) => {
    const region = openRegion(place);
    const rang = new Set<string>();
    for (let minute = 0; minute < 60; minute += 1) for (const name of region.pass(1)) rang.add(name);
    expect([...rang]).toEqual([]);
  });

  test.each(plantedEvents)(
    "game day $name: $fault, the rule of $alarm takes the event and lets a harmless one be",
    ({ alarm, event, calm }) => {
      const rules = resourcesOf(synthesizeCampus(withArtifact(production, anyArtifact)), "aws_cloudwatch_event_rule")
        .map(({ body }) => body)
        .filter(({ name, description }) => name.includes(`-${alarm}`) && description.includes("Severity: page."));
      expect(rules.length).toBeGreaterThan(0);
      for (const { event_pattern } of rules) {
        expect(matches(JSON.parse(event_pattern), event)).toBe(true);
        expect(matches(JSON.parse(event_pattern), calm)).toBe(false);
      }
    },
  );
});

type Pattern = Readonly<Record<string, unknown>>;

/** As much of EventBridge's patterns as our rules use: lists of values, numeric ranges, and objects in objects. */
function matches(pattern: Pattern, event: Pattern): boolean {
  return Object.entries(pattern).every(([key, wanted]) => {
    const value = event[key];
    if (!Array.isArray(wanted)) return typeof value === "object" && value !== null && matches(wanted as Pattern, value as Pattern);
    return wanted.some((one) => (typeof one === "object" ? inRange(one, value) : one === value));
  });
}

const comparisons: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  ">=": (value, limit) => value >= limit,
  ">": (value, limit) => value > limit,
  "<=": (value, limit) => value <= limit,
  "<": (value, limit) => value < limit,
  "=": (value, limit) => value === limit,
};

function inRange({ numeric }: { readonly numeric?: readonly (string | number)[] }, value: unknown): boolean {
  if (!numeric) throw new Error("this kind of pattern is not known here: only values and numeric ranges are.");
  return numeric.every((sign, at) => typeof sign === "number" || comparisons[sign]?.(Number(value), Number(numeric[at + 1])));
}
