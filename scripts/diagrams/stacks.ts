import { resourcesOf, type Synthesized } from "../../stacks/rules/synthesized.ts";
import { layers } from "../rehearse/manifest.ts";
import { dependenciesOf, shortStack } from "./campus.ts";
import type { Graph, Kind } from "./graph.ts";

export const deployLayers = (all: Synthesized): string[][] =>
  layers([...all.stacks.keys()].map((name) => ({ name, folder: "", dependencies: dependenciesOf(all, name) }))).map((layer) =>
    layer.map(({ name }) => name),
  );

/** What must stand before what. An arrow that follows from two others is left out: with all of them nothing could be read. */
export function stacksGraph(all: Synthesized): Graph {
  const ranks = new Map(deployLayers(all).flatMap((layer, rank) => layer.map((name) => [name, rank] as const)));
  return {
    title: "Stacks and what they wait for, in the order of the deploy",
    boxes: [...ranks].map(([name, rank]) => ({
      id: name,
      kind: kindOf(name),
      title: shortStack(name),
      lines: [`${resourcesOf(all).filter(({ stack }) => stack === name).length} resources`],
      rank,
    })),
    arrows: [...ranks.keys()].flatMap((name) => nearest(all, name).map((dependency) => ({ from: dependency, to: name }))),
  };
}

function nearest(all: Synthesized, name: string): string[] {
  const direct = dependenciesOf(all, name);
  const through = new Set(direct.flatMap((dependency) => [...everythingBelow(all, dependency)]));
  return direct.filter((dependency) => !through.has(dependency));
}

function everythingBelow(all: Synthesized, name: string): Set<string> {
  const direct = dependenciesOf(all, name);
  return new Set([...direct, ...direct.flatMap((dependency) => [...everythingBelow(all, dependency)])]);
}

const kindOf = (name: string): Kind => (name.includes("-north-") ? "store" : name.includes("-south-") ? "base" : "edge");
