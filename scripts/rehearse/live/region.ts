import type { Ask } from "./ask.ts";
import { type Balancer, onlyHealthy, readBalancing } from "./balancer.ts";
import type { Fleet } from "./fleet.ts";
import { HealthChecks } from "./health.ts";
import { bringBack, cutOff, type Place } from "./places.ts";

/** The machines of a region and the load balancer before them: both follow the world, and the world is told what they found. */
export class Region {
  readonly place: Place;
  readonly fleet: Fleet;
  private readonly balancer: Balancer;
  private readonly ask: Ask;
  private readonly worldUrl: string;
  private readonly checks = new HealthChecks();
  /** A new machine is given time: only one that was healthy once is thrown away. */
  private readonly wasHealthy = new Set<string>();
  private isLost = false;

  constructor(ask: Ask, worldUrl: string, place: Place, fleet: Fleet, balancer: Balancer) {
    this.ask = ask;
    this.worldUrl = worldUrl;
    this.place = place;
    this.fleet = fleet;
    this.balancer = balancer;
  }

  /** One look: machines as the Auto Scaling groups want them, rules and targets as the load balancer has them, and who died is replaced. */
  async follow(say: (line: string) => void): Promise<void> {
    if (this.isLost) return;
    await this.fleet.follow();
    const balancing = await readBalancing(this.ask, this.place.region, this.fleet.addressOf);
    if (this.isLost) return;
    this.checks.follow(balancing);
    await this.balancer.follow(onlyHealthy(balancing, (group, id) => this.checks.of(group, id)[0] === "healthy"));
    const found = balancing.groups.map((group) => [
      group.TargetGroupArn,
      Object.fromEntries(group.targets.map(({ id }) => [id, this.checks.of(group, id)])),
    ]);
    const body = JSON.stringify(Object.fromEntries(found));
    await fetch(`${this.worldUrl}/world/health?region=${this.place.region}`, { method: "POST", body });
    for (const id of this.checks.all("healthy")) this.wasHealthy.add(id);
    for (const id of this.checks.all("unhealthy")) {
      if (!this.wasHealthy.delete(id)) continue;
      say(`the load balancer finds ${id} dead: it is replaced`);
      await this.fleet.replace(id);
    }
  }

  /** Cut off from everybody: its machines run on, and neither its load balancer nor its Auto Scaling does anything. */
  lose(): void {
    this.isLost = true;
    this.checks.stop();
    cutOff(this.place);
  }

  /** As it was when it was lost. */
  comeBack(): void {
    bringBack(this.place);
    this.isLost = false;
  }

  /** The machines that answer the load balancer's checks. */
  inService(): readonly string[] {
    return this.checks.all("healthy");
  }

  /** Each machine's state, and what the load balancer finds. */
  standing(): string {
    const states = [...this.fleet.running.keys()].map((id) => `${id} ${this.fleet.stateOf(id)}`);
    return `(${states.join(", ") || "no machine"}; healthy: ${this.inService().length})`;
  }

  journals(): string {
    return [...this.fleet.running.values()].map(({ id, machine }) => `\n--- ${id}\n${machine.journal("-n", "30")}`).join("");
  }
}
