import { type HealthCheck, ListHealthChecksCommand, UpdateHealthCheckCommand } from "@aws-sdk/client-route-53";
import { PlainError } from "../../app/local/plain-error.ts";
import { placeOriginName } from "../../stacks/origins.ts";
import type { Sides } from "./sides.ts";

/** The human's switch (stacks/global.ts): switched off and not inverted it sends users home, inverted to the other region. */
async function switchOf({ route53, environment, homePlace }: Sides): Promise<HealthCheck> {
  const name = placeOriginName(environment, homePlace);
  for (let Marker: string | undefined; ; ) {
    const { HealthChecks = [], NextMarker } = await route53.send(new ListHealthChecksCommand({ Marker }));
    const found = HealthChecks.find(({ HealthCheckConfig }) => HealthCheckConfig?.FullyQualifiedDomainName === name);
    if (found) return found;
    if (!NextMarker) throw new PlainError(`Route 53 has no health check of ${name}: deploy the stack global first.`);
    Marker = NextMarker;
  }
}

export async function switchUsers(sides: Sides): Promise<void> {
  const { Id, HealthCheckConfig } = await switchOf(sides);
  const Inverted = sides.to.place !== sides.homePlace;
  if (HealthCheckConfig?.Inverted !== Inverted) await sides.route53.send(new UpdateHealthCheckCommand({ HealthCheckId: Id, Inverted }));
}
