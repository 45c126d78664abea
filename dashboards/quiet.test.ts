import { expect, test } from "vitest";
import { type Environment, environments } from "../regions/index.ts";
import { alarmsOfRegion } from "../stacks/rules/region-alarms.ts";
import { Alarms } from "./evaluator/alarms.ts";
import { openAws, type Planted } from "./evaluator/aws-says.ts";
import { Metrics } from "./evaluator/metrics.ts";
import { type ObjectiveName, objectiveNames } from "./slo.ts";

const minuteMs = 60_000;
const minutes = 60;

/** What one minute of a campus says. */
interface Minute {
  readonly events: Partial<Record<ObjectiveName, readonly [good: number, bad: number]>>;
  readonly gauges?: Readonly<Record<string, number>>;
  /** Of AWS's own metrics what is not as on any day. */
  readonly awsSays?: Planted;
  readonly counts?: readonly (readonly [name: string, dimensions: Readonly<Record<string, string>>, count: number])[];
}

/** Every alarm that production has, as synthesized: of the app, of its promises, and of what AWS says. */
const { alarms: deployed, severities } = alarmsOfRegion(environments.production as Environment, "north");

/** Everything that rang at any time, and told somebody. */
function rang(minuteOf: (minute: number) => Minute): readonly string[] {
  const metrics = new Metrics();
  const alarms = new Alarms(deployed, metrics);
  const aws = openAws(deployed, metrics);
  const heard = new Set<string>();
  for (let minute = 0; minute < minutes; minute += 1) {
    const put = (name: string, dimensions: Readonly<Record<string, string>>, value: number) =>
      metrics.put({ namespace: "CampusPay", name, dimensions, atMs: minute * minuteMs + minuteMs / 2, values: [value] });
    const { events, gauges = {}, counts = [], awsSays = {} } = minuteOf(minute);
    aws.say(minute, awsSays);
    for (const [slo, [good, bad]] of Object.entries(events)) {
      if (good > 0) put("SloEvents", { slo, good: "true" }, good);
      if (bad > 0) put("SloEvents", { slo, good: "false" }, bad);
    }
    for (const [name, value] of Object.entries({
      RedisUp: 1,
      OutboxLate: 0.2,
      OutboxDead: 0,
      JobsFailing: 0,
      TillsSilent: 0,
      CafesRefusingCards: 0,
      LedgerDrift: 0,
      DoubleDebits: 0,
      ReconciliationUnexplained: 0,
      ...gauges,
    }))
      put(name, {}, value);
    for (const [name, dimensions, count] of counts) put(name, dimensions, count);
    alarms.tick((minute + 1) * minuteMs);
    for (const name of severities.keys()) if (alarms.state(name) === "ALARM") heard.add(name);
  }
  return [...heard];
}

const everyPromise = (good: number, bad: number) => Object.fromEntries(objectiveNames.map((name) => [name, [good, bad] as const]));
const ended = (state: string, count: number) => ["ChargesEnded", { state }, count] as const;

test("an hour of lunch rings nothing: 25 scans a second, and now and then one that is late, a wrong number, an expired request, a repeated confirm", () => {
  const seen = rang((minute) => ({
    events: { ...everyPromise(1_500, minute % 5 === 0 ? 1 : 0), confirm: [1_500, minute % 30 === 0 ? 1 : 0] },
    // One café's guests show cards of another kind.
    gauges: { OutboxLate: minute % 7 === 0 ? 4 : 0.3, CafesRefusingCards: minute % 11 === 0 ? 1 : 0 },
    // Lunch has more machines, their connections, and a probe that the edge turns away.
    awsSays: {
      "AWS/AutoScaling GroupInServiceInstances": 6,
      "AWS/ApplicationELB HealthyHostCount": 6,
      "AWS/RDS DatabaseConnections": 400,
      "AWS/WAFV2 BlockedRequests": 90,
    },
    counts: [
      ended("confirmed", 1_450),
      ended("expired", 40),
      ["DebitsRepeated", {}, 6],
      ["CardRefusals", {}, 3],
      ["OtpRequests", { outcome: "limited" }, 5],
      ["Logins", { kind: "staff", outcome: "refused" }, 2],
      ["GatewayWebhooks", { signature: "right" }, 30],
      ["GatewayWebhooks", { signature: "wrong" }, minute % 20 === 0 ? 1 : 0],
    ],
  }));
  expect(seen).toEqual([]);
});

test("a quiet night rings nothing: a handful of requests, one of them a failed confirm, one request that nobody answered", () => {
  const seen = rang((minute) => ({
    events: minute === 17 ? { confirm: [0, 1], prompt: [0, 1] } : minute % 9 === 0 ? { read: [2, 0], other: [1, 0] } : {},
    counts: minute === 19 ? [ended("expired", 1)] : [],
  }));
  expect(seen).toEqual([]);
});

test("a planned release rings nothing: streams move, Redis is seen anew by new processes, a few requests are slow", () => {
  const seen = rang((minute) => {
    const releasing = minute >= 20 && minute < 35;
    return {
      events: { ...everyPromise(300, 0), read: [600, releasing ? 2 : 0], other: [300, releasing ? 1 : 0], board: [300, releasing ? 1 : 0] },
      gauges: { RedisUp: minute === 21 ? 0 : 1, OutboxLate: releasing ? 12 : 0.2 },
      // A new machine comes before an old one goes; both hold connections.
      awsSays: releasing ? { "AWS/ApplicationELB HealthyHostCount": 3, "AWS/RDS DatabaseConnections": 300 } : {},
      counts: [ended("confirmed", 280), ended("expired", 9), ["ErrorLines", {}, releasing ? 8 : 1]],
    };
  });
  expect(seen).toEqual([]);
});
