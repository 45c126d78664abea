import type { Ask } from "./ask.ts";
import { type Balancer, readBalancing } from "./balancer.ts";
import type { Fleet } from "./fleet.ts";
import type { Place } from "./places.ts";

/** The machines of a region and the load balancer before them: both follow the world. */
export class Region {
  readonly place: Place;
  readonly fleet: Fleet;
  private readonly balancer: Balancer;
  private readonly ask: Ask;
  private readonly wasInService = new Set<string>();

  constructor(ask: Ask, place: Place, fleet: Fleet, balancer: Balancer) {
    this.ask = ask;
    this.place = place;
    this.fleet = fleet;
    this.balancer = balancer;
  }

  /** One look: machines as the Auto Scaling groups want them, rules and targets as the load balancer has them, and who died is replaced. */
  async follow(say: (line: string) => void): Promise<void> {
    await this.fleet.follow();
    this.balancer.follow(await readBalancing(this.ask, this.place.region, this.fleet.addressOf));
    const healthy = new Set(await this.inService());
    for (const id of healthy) this.wasInService.add(id);
    for (const id of this.wasInService) {
      if (healthy.has(id)) continue;
      this.wasInService.delete(id);
      if (!this.fleet.running.has(id)) continue;
      say(`the load balancer finds ${id} dead: it is replaced`);
      await this.fleet.replace(id);
    }
  }

  /** The machines that answer the load balancer's checks. */
  async inService(): Promise<readonly string[]> {
    return [...(await this.balancer.health())].flatMap(([id, isUp]) => (isUp ? [id] : []));
  }

  journals(): string {
    return [...this.fleet.running.values()].map(({ id, machine }) => `\n--- ${id}\n${machine.journal("-n", "30")}`).join("");
  }
}
