import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import type { Balancing, TargetGroup } from "./balancer.ts";

/** As describe-target-health says it: state, reason, description. */
export type Found = readonly [state: "initial" | "healthy" | "unhealthy", reason?: string, description?: string];

const accepts = (matcher: string, status: number): boolean =>
  matcher.split(",").some((one) => {
    const [from, to = from] = one.split("-").map(Number);
    return status >= (from ?? 0) && status <= (to ?? 0);
  });

/** One check as the load balancer makes it: in TLS, not looking at the certificate. Undefined is a good answer. */
const whyNot = (group: TargetGroup, address: string): Promise<readonly [string, string] | undefined> =>
  new Promise((resolve) => {
    const ask = group.HealthCheckProtocol === "HTTPS" ? overHttps : overHttp;
    const timeout = group.HealthCheckTimeoutSeconds * 1_000;
    const place = { host: address, port: group.Port, path: group.HealthCheckPath, agent: false, rejectUnauthorized: false };
    const asked = ask({ ...place, headers: { host: address } }, (answer) => {
      answer.resume();
      const status = answer.statusCode ?? 0;
      const is = accepts(group.Matcher.HttpCode, status);
      resolve(is ? undefined : ["Target.ResponseCodeMismatch", `Health checks failed with these codes: [${status}]`]);
    });
    // Also a connection that nobody answers: it counts from the beginning.
    const timer = setTimeout(() => asked.destroy(new Error("Request timed out")), timeout);
    asked.on("error", (error) => resolve(["Target.Timeout", error.message])).on("close", () => clearTimeout(timer));
    asked.end();
  });

class Check {
  found: Found = ["initial", "Elb.InitialHealthChecking", "Initial health checks in progress"];
  private good = 0;
  private bad = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(group: TargetGroup, address: string) {
    const look = async () => this.count(group, await whyNot(group, address));
    this.timer = setInterval(look, group.HealthCheckIntervalSeconds * 1_000);
    void look();
  }

  private count(group: TargetGroup, reason: readonly [string, string] | undefined): void {
    this.good = reason ? 0 : this.good + 1;
    this.bad = reason ? this.bad + 1 : 0;
    // The first good answer makes a new target healthy; later a change takes as many as the group says.
    const isNew = this.found[0] === "initial";
    if (this.good >= (isNew ? 1 : group.HealthyThresholdCount)) this.found = ["healthy"];
    else if (reason && this.bad >= group.UnhealthyThresholdCount) this.found = ["unhealthy", ...reason];
  }

  stop = (): void => clearInterval(this.timer);
}

/** The checks of a region's target groups: thresholds and interval as each group has them. */
export class HealthChecks {
  private readonly checks = new Map<string, Check>();

  follow({ groups }: Balancing): void {
    const wanted = new Set<string>();
    for (const group of groups) {
      for (const { id, address } of group.targets) {
        const key = `${group.TargetGroupArn} ${id}`;
        wanted.add(key);
        if (!this.checks.has(key)) this.checks.set(key, new Check(group, address));
      }
    }
    for (const [key, check] of this.checks) {
      if (wanted.has(key)) continue;
      check.stop();
      this.checks.delete(key);
    }
  }

  /** Nobody looks any more; who looks again begins anew. */
  stop(): void {
    for (const check of this.checks.values()) check.stop();
    this.checks.clear();
  }

  of(group: TargetGroup, id: string): Found {
    return this.checks.get(`${group.TargetGroupArn} ${id}`)?.found ?? ["initial"];
  }

  /** Instances in this state, in any group. */
  all(state: Found[0]): readonly string[] {
    return [...this.checks].flatMap(([key, { found }]) => (found[0] === state ? [key.split(" ")[1] ?? ""] : []));
  }
}
