import { Alarms } from "../../../dashboards/evaluator/alarms.ts";
import { openAws, type Planted } from "../../../dashboards/evaluator/aws-says.ts";
import { dataOfEntry, Metrics } from "../../../dashboards/evaluator/metrics.ts";
import { type Environment, environments } from "../../../regions/index.ts";
import { alarmsOfRegion, type RegionAlarms } from "../../../stacks/rules/region-alarms.ts";
import { refreshRefusingCafes } from "../../charges/refusing-cafes.ts";
import { refreshGauges } from "../../health/routes.ts";
import { refreshOutboxGauges } from "../../platform/outbox.ts";
import type { Campus } from "../campus.ts";

const minuteMs = 60_000;
const production = environments.production as Environment;
/** What is deployed: of the app, of the things of AWS, and the pairs of burn rates. */
const here = alarmsOfRegion(production, "north");
/** Where the copy of the database stands, and nobody pays. */
const away = alarmsOfRegion(production, "south");

/**
 * A clock that the game day moves: what happens between two of its ticks is written down as one minute. Only the alarms' clock runs
 * faster than the world's, sixty times and more; what a request takes, and what a time-out is, stays as it is.
 */
export interface Clock {
  /** Does this, then closes the minute; the names of pages and tickets that ring now. */
  minute(traffic: () => Promise<void>): Promise<readonly string[]>;
  readonly minutes: number;
  /** What was said so far, by the campus and by the stand-in for AWS. */
  readonly metrics: Metrics;
  ringing(severity: "page" | "ticket"): readonly string[];
}

/** What of a fault the metrics show that are not the app's own. */
export interface Said {
  /** What the stand-in for AWS says otherwise than on a calm day, measured on what stands here. */
  awsSays?(): Promise<Planted>;
  /** The same, in the other region. */
  awsSaysAway?(): Promise<Planted>;
  /** A worker that is down says nothing at all. */
  isWorkerDown?(): boolean;
}

/** A region's alarms, and what they look at. */
function openRegion({ alarms, severities }: RegionAlarms) {
  const metrics = new Metrics();
  const states = new Alarms(alarms, metrics);
  return {
    metrics,
    aws: openAws(alarms, metrics),
    tick: (atMs: number) => states.tick(atMs),
    ringing: (severity: "page" | "ticket") => states.ringing(severities, severity),
  };
}

export function startClock(campus: Campus, fault: Said = {}): Clock {
  const home = openRegion(here);
  const other = openRegion(away);
  const { metrics } = home;
  let minutes = 0;
  const isWorkerDown = () => fault.isWorkerDown?.() ?? false;
  const collect = async () => {
    const [first, second] = campus.processes;
    // What cannot be read while the fault lasts is what a process could not say either.
    await Promise.all([refreshGauges(first.platform), refreshGauges(second.platform)]).catch(() => undefined);
    if (!isWorkerDown())
      for (const refresh of [refreshOutboxGauges, refreshRefusingCafes]) await refresh(campus.worker).catch(() => undefined);
    const speaking = [
      first.platform,
      second.platform,
      ...campus.released.map((one) => one.platform),
      ...(isWorkerDown() ? [] : [campus.worker]),
    ];
    for (const platform of speaking)
      for (const line of platform.metrics.embeddedLines(minutes * minuteMs + minuteMs / 2))
        for (const datum of dataOfEntry(line)) metrics.put(datum);
  };
  const ringing = (severity: "page" | "ticket") => [home, other].flatMap((region) => region.ringing(severity));
  return {
    metrics,
    async minute(traffic) {
      await traffic();
      await collect();
      home.aws.say(minutes, await fault.awsSays?.());
      other.aws.say(minutes, await fault.awsSaysAway?.());
      // Of its machines, which wait: they say that their Redis answers.
      other.metrics.put({ namespace: "CampusPay", name: "RedisUp", dimensions: {}, atMs: minutes * minuteMs, values: [1] });
      minutes += 1;
      for (const region of [home, other]) region.tick(minutes * minuteMs);
      return [...ringing("page"), ...ringing("ticket")];
    },
    get minutes() {
      return minutes;
    },
    ringing,
  };
}
