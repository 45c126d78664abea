import type { Synthesized } from "../../stacks/rules/synthesized.ts";
import { dependenciesOf, readCampus, regional } from "./campus.ts";
import { analyticsGraph, copiesGraph, requestGraph } from "./data-flow.ts";
import { drawGraph } from "./draw-graph.ts";
import { drawNetwork } from "./draw-network.ts";
import type { Graph } from "./graph.ts";
import { mermaidOf } from "./mermaid.ts";
import { groupsGraphs, networkOf, openingsOf } from "./network.ts";
import { page, table } from "./page.ts";
import { renderResources } from "./resources.ts";
import { deployLayers, stacksGraph } from "./stacks.ts";
import { svgOf } from "./svg.ts";

const about = {
  network:
    "The networks of the pilot's two regions: zones, subnets and what stands in them, the security group of each in square brackets, and which group reaches which on which port. There is no other opening.",
  dataFlow:
    "How a request travels through the pilot, where its traces are kept, what analytics reads, and what the other region holds a copy of.",
  stacks: "The pilot's stacks from left to right in the layers in which they are deployed. An arrow that follows from others is left out.",
};

const networks = (all: Synthesized) => regional.map(({ place }) => networkOf(all, place));
const flows = (all: Synthesized): Graph[] => [requestGraph(all), analyticsGraph(all), copiesGraph(all)];

const drawings = {
  network: (all: Synthesized) =>
    svgOf("Networks of the pilot", about.network, [...networks(all).map(drawNetwork), ...groupsGraphs(all).map(drawGraph)]),
  dataFlow: (all: Synthesized) => svgOf("Data flow of the pilot", about.dataFlow, flows(all).map(drawGraph)),
  stacks: (all: Synthesized) => svgOf("Stacks of the pilot", about.stacks, [drawGraph(stacksGraph(all))]),
};

const pages = {
  network: (all: Synthesized) =>
    page(
      "Network",
      about.network,
      ["![The networks of both regions](network.svg)"],
      ...networks(all).map(({ region, place, subnets, residents }) => [
        `## ${region}, ${place}`,
        "",
        ...table(
          ["subnet", "zone", "addresses", "what stands there"],
          subnets.map(({ name, zone, cidr }) => [
            name,
            zone,
            cidr,
            residents
              .filter((one) => one.subnets.includes(name))
              .map(({ title, line }) => `${title} (${line})`)
              .join(", "),
          ]),
        ),
      ]),
      ...groupsGraphs(all).flatMap((graph) => [[`## ${graph.title}`], mermaidOf(graph)]),
      ...regional.map(({ place }) => [
        `## Openings in ${place}`,
        "",
        ...table(
          ["from", "into", "TCP ports"],
          openingsOf(all, place).map(({ from, into, ports }) => [from, into, ports]),
        ),
      ]),
    ),
  dataFlow: (all: Synthesized) =>
    page(
      "Data flow",
      about.dataFlow,
      ["![The flow of data](data-flow.svg)"],
      ...flows(all).flatMap((graph) => [[`## ${graph.title}`], mermaidOf(graph)]),
    ),
  stacks: (all: Synthesized) =>
    page("Stacks", about.stacks, ["![The stacks and what they wait for](stacks.svg)"], mermaidOf(stacksGraph(all)), [
      "## Layers and everything that each stack reads",
      "",
      ...table(
        ["layer", "stack", "reads outputs of"],
        deployLayers(all).flatMap((layer, index) =>
          layer.map((name) => [String(index + 1), name, dependenciesOf(all, name).join(", ") || "nothing"]),
        ),
      ),
    ]),
};

const folder = "docs/platform";

/** Everything in docs/platform that is written from the stacks. */
export const diagrams = [
  { file: `${folder}/network.svg`, make: () => drawings.network(readCampus()) },
  { file: `${folder}/network.md`, make: () => pages.network(readCampus()) },
  { file: `${folder}/data-flow.svg`, make: () => drawings.dataFlow(readCampus()) },
  { file: `${folder}/data-flow.md`, make: () => pages.dataFlow(readCampus()) },
  { file: `${folder}/stacks.svg`, make: () => drawings.stacks(readCampus()) },
  { file: `${folder}/stacks.md`, make: () => pages.stacks(readCampus()) },
  { file: `${folder}/resources.md`, make: () => renderResources(readCampus()) },
] as const;
