// Who is woken: every alarm of the region as it is synthesized, on what the machines themselves say in their log groups.
import { setTimeout as pause } from "node:timers/promises";
import { Alarms } from "../../../dashboards/evaluator/alarms.ts";
import { lastNight, openAws } from "../../../dashboards/evaluator/aws-says.ts";
import { dataOfLogLine, Metrics } from "../../../dashboards/evaluator/metrics.ts";

import { alarmsOfRegion } from "../../../stacks/rules/region-alarms.ts";
import { environmentNamed } from "../../release/target.ts";
import type { Ask } from "./ask.ts";
import type { Region } from "./region.ts";

type LogEvents = { readonly events: readonly { readonly message: string }[]; readonly nextToken?: string };

const groups = ["api", "worker", "system"];
const minuteMs = 60_000;
/** A minute is looked at when its last lines have been sent. */
const lateMs = 15_000;

export class OnCall {
  private readonly metrics = new Metrics();
  private readonly told: ReturnType<typeof alarmsOfRegion>;
  private readonly alarms: Alarms;
  private readonly aws: ReturnType<typeof openAws>;
  private readonly ask: Ask;
  private readonly region: Region;
  private readonly environment: string;
  private readonly stopping = new AbortController();
  private readonly work: Promise<void>;
  minutes = 0;

  constructor(ask: Ask, region: Region, environment: string) {
    this.ask = ask;
    this.region = region;
    this.environment = environment;
    this.told = alarmsOfRegion(environmentNamed(environment), region.place.place as "north" | "south");
    this.alarms = new Alarms(this.told.alarms, this.metrics);
    this.aws = openAws(this.told.alarms, this.metrics);
    this.work = this.listen();
  }

  ringing(only?: "page" | "ticket"): readonly string[] {
    return this.alarms.ringing(this.told.severities, only);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.work;
  }

  private async listen(): Promise<void> {
    const { signal } = this.stopping;
    let endMs = Math.ceil(Date.now() / minuteMs) * minuteMs;
    while (!signal.aborted) {
      await pause(Math.max(0, endMs + lateMs - Date.now()), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.look(endMs);
      endMs += minuteMs;
    }
  }

  /** One whole minute that is over. */
  private async look(endMs: number): Promise<void> {
    for (const group of groups)
      for (const message of await this.linesOf(group, endMs - minuteMs, endMs + lateMs)) this.keep(message, endMs);
    const serving = this.region.inService().length;
    this.aws.say(endMs / minuteMs - 1, {
      ...(this.minutes === 0 && lastNight),
      "AWS/ApplicationELB HealthyHostCount": serving,
      "AWS/AutoScaling GroupInServiceInstances": serving,
    });
    this.alarms.tick(endMs);
    this.minutes += 1;
  }

  private keep(message: string, endMs: number): void {
    for (const datum of dataOfLogLine(message)) if (datum.atMs >= endMs - minuteMs && datum.atMs < endMs) this.metrics.put(datum);
  }

  private async linesOf(group: string, startTime: number, endTime: number): Promise<readonly string[]> {
    const lines: string[] = [];
    for (let nextToken: string | undefined; ; ) {
      const asked = { logGroupName: `/campus/${this.environment}/${group}`, startTime, endTime, ...(nextToken && { nextToken }) };
      const found = await this.ask<LogEvents>("logs", this.region.place.region, "filter_log_events", asked);
      lines.push(...found.events.map(({ message }) => message));
      nextToken = found.nextToken;
      if (!nextToken) return lines;
    }
  }
}
