import type { Network, Resident, Subnet } from "./network.ts";
import { labelledBox, type Panel, rectangle, text } from "./svg.ts";

const zoneNameWidth = 104;
const tierTop = 62;
const bandHeight = 92;
const betweenBands = 12;
const residentWidth = 118;
const betweenResidents = 14;
const tierPadding = 14;
const subnetNameWidth = 110;
const betweenTiers = 16;

/** Zones from top to bottom, tiers from left to right; what stands in several zones is one tall box across them. */
export function drawNetwork(network: Network): Panel {
  const zones = [...new Set(network.subnets.map(({ zone }) => zone))];
  const tiers = [...new Set(network.subnets.map(({ tier }) => tier))].map((tier) => ({ tier, residents: residentsIn(network, tier) }));
  const parts: string[] = [];
  let x = zoneNameWidth;
  for (const { tier, residents } of tiers) {
    const width = residents.length * (residentWidth + betweenResidents) - betweenResidents + tierPadding + subnetNameWidth;
    parts.push(text(`${tier} subnets`, x + width / 2, tierTop - 10, "title middle"));
    for (const subnet of network.subnets.filter((one) => one.tier === tier))
      parts.push(drawSubnet(subnet, x, zoneY(zones, subnet.zone), width));
    parts.push(
      ...residents.map((one, index) => drawResident(one, network, zones, x + subnetNameWidth + index * (residentWidth + betweenResidents))),
    );
    x += width + betweenTiers;
  }
  const height = zoneY(zones, zones.at(-1) ?? "") + bandHeight + 14;
  const zoneNames = zones.map((zone) => text(zone, 14, zoneY(zones, zone) + bandHeight / 2 + 4, "title"));
  return {
    width: x,
    height,
    body: [
      text(`${network.region} (${network.place}): VPC ${network.cidr}`, 0, 14, "head"),
      rectangle("frame dashes", 0, 26, x, height - 26),
      ...zoneNames,
      ...parts,
    ].join("\n"),
  };
}

const zoneY = (zones: readonly string[], zone: string): number => tierTop + zones.indexOf(zone) * (bandHeight + betweenBands);

const residentsIn = (network: Network, tier: string): Resident[] =>
  network.residents.filter(({ subnets }) => network.subnets.some(({ name, tier: own }) => own === tier && subnets.includes(name)));

const drawSubnet = ({ name, cidr }: Subnet, x: number, y: number, width: number): string =>
  [rectangle("tint", x, y, width, bandHeight), text(name, x + 10, y + 40), text(cidr, x + 10, y + 56)].join("\n");

function drawResident(resident: Resident, network: Network, zones: readonly string[], x: number): string {
  const tops = network.subnets.filter(({ name }) => resident.subnets.includes(name)).map(({ zone }) => zoneY(zones, zone));
  const y = Math.min(...tops) + 8;
  const height = Math.max(...tops) + bandHeight - 8 - y;
  const lines = [resident.title, resident.line, ...(resident.group ? [`[${resident.group}]`] : [])];
  return labelledBox(resident.kind, lines, x, y, residentWidth, height);
}
