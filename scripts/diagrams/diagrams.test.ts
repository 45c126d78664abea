import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import { expect, test } from "vitest";
import { anyArtifact, environments, withArtifact } from "../../regions/index.ts";
import { addCampus } from "../../stacks/campus.ts";
import { exposures } from "../../stacks/rules/exposure.ts";
import { resourcesOf } from "../../stacks/rules/synthesized.ts";
import { readManifest } from "../rehearse/manifest.ts";
import { dependenciesOf, drawnEnvironment, readCampus } from "./campus.ts";
import { analyticsGraph, copiesGraph, requestGraph } from "./data-flow.ts";
import { diagrams } from "./diagrams.ts";
import { drawGraph } from "./draw-graph.ts";
import type { Graph } from "./graph.ts";
import { layersOf } from "./layers.ts";
import { mermaidOf } from "./mermaid.ts";
import { groupsGraphs, networkOf } from "./network.ts";
import { stacksGraph } from "./stacks.ts";

const all = readCampus();
const graphs = [...groupsGraphs(all), requestGraph(all), analyticsGraph(all), copiesGraph(all), stacksGraph(all)];

test("the stacks page waits for what cdktf itself waits for", () => {
  const outdir = mkdtempSync(join(tmpdir(), "campus-manifest-"));
  try {
    const app = new App({ outdir });
    addCampus(app, withArtifact(environments[drawnEnvironment] as (typeof environments)[string], anyArtifact));
    app.synth();
    for (const { name, dependencies } of readManifest(outdir))
      expect([name, dependenciesOf(all, name).sort()]).toEqual([name, [...dependencies].sort()]);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
});

test("an arrow that the stacks picture leaves out follows from those that it draws", () => {
  const { arrows } = stacksGraph(all);
  const below = (name: string): string[] => arrows.filter(({ to }) => to === name).flatMap(({ from }) => [from, ...below(from)]);
  for (const name of all.stacks.keys()) expect(below(name)).toEqual(expect.arrayContaining(dependenciesOf(all, name)));
});

test("the network picture has every opening of the exposure matrix and no other", () => {
  const [graph] = groupsGraphs(all) as [Graph];
  const among = graph.boxes.flatMap(({ id, lines = [] }) =>
    lines.filter((line) => line.startsWith("among")).map((line) => `into ${id} ${line.split(": ")[1]} from ${id}`),
  );
  const drawn = [
    ...graph.arrows.map(({ from, to, label }) =>
      to === "0.0.0.0/0" ? `out of ${from} ${label} to ${to}` : `into ${to} ${label} from ${from}`,
    ),
    ...among,
  ];
  const matrix = exposures(all, "north").filter((line) => line.startsWith("into") || line.endsWith("0.0.0.0/0"));
  expect(drawn.sort()).toEqual(matrix);
});

test.each(["north", "south"] as const)(
  "%s: everything in the network stands in three zones of its own tier, but for what needs one",
  (place) => {
    const { residents, subnets } = networkOf(all, place);
    const placed = residents.map(({ title, subnets: own }) => [title, own.map((name) => subnets.find((one) => one.name === name)?.tier)]);
    expect(Object.fromEntries(placed)).toEqual({
      "Load balancer": ["public", "public", "public"],
      NAT: ["public"],
      Machines: ["app", "app", "app"],
      Glue: ["app"],
      PostgreSQL: ["data", "data", "data"],
      Redis: ["data", "data", "data"],
    });
  },
);

test("the data flow shows the way of money, of files and of messages, and every copy in the other region", () => {
  const words = ({ arrows, boxes }: Graph) => {
    const title = (id: string) => boxes.find((box) => box.id === id)?.title;
    return arrows.map(({ from, to }) => `${title(from)} > ${title(to)}`);
  };
  expect(words(requestGraph(all))).toEqual(
    expect.arrayContaining([
      "CloudFront > Load balancer",
      "Load balancer > Machines",
      "Machines > PostgreSQL 18",
      "Machines > Redis 7.1",
      "Machines > Bucket receipts",
    ]),
  );
  expect(words(analyticsGraph(all))).toEqual([
    "PostgreSQL > Glue",
    "Bucket artifacts > Glue",
    "Glue > Bucket analytics",
    "Bucket analytics > Athena",
  ]);
  expect(copiesGraph(all).arrows).toHaveLength(9);
});

test.each(graphs)("no two boxes touch and no arrow points back: $title", (graph) => {
  const boxes = [
    ...drawGraph(graph).body.matchAll(/<rect class="(?!label)\w+" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g),
  ].map((match) => match.slice(1).map(Number) as [number, number, number, number]);
  expect(boxes).toHaveLength(graph.boxes.length);
  const touching = boxes.filter(([x, y, width, height], index) =>
    boxes.slice(index + 1).some(([x2, y2, width2, height2]) => x < x2 + width2 && x2 < x + width && y < y2 + height2 && y2 < y + height),
  );
  expect(touching).toEqual([]);
  const { columns, routes } = layersOf(graph);
  const rank = new Map(columns.flatMap((column, index) => column.map(({ id }) => [id, index] as const)));
  for (const { stops } of routes) {
    const ranks = stops.map((id) => rank.get(id) as number);
    expect(ranks).toEqual(ranks.map((_, step) => (ranks[0] as number) + step));
  }
});

test("arrows in a circle and an arrow to nowhere are refused by name", () => {
  const boxes = ["a", "b"].map((id) => ({ id, kind: "base" as const, title: id }));
  const circle = [
    { from: "a", to: "b" },
    { from: "b", to: "a" },
  ];
  expect(() => layersOf({ title: "", boxes, arrows: circle })).toThrow(/in a circle through/);
  expect(() => layersOf({ title: "", boxes, arrows: [{ from: "a", to: "c" }] })).toThrow('an arrow names "c"');
});

test("words that would be markup are words in both languages", () => {
  const graph: Graph = { title: "a", boxes: [{ id: "a", kind: "base", title: '<b> & "c"' }], arrows: [] };
  expect(drawGraph(graph).body).toContain("&lt;b&gt; &amp; &quot;c&quot;");
  expect(mermaidOf(graph)).toContain(`  n0["<b> & 'c'"]`);
});

test.each(diagrams.filter(({ file }) => file.endsWith(".svg")))(
  "$file says what it shows, follows the reader's light or dark, and runs nothing",
  ({ make }) => {
    const svg = make();
    expect(svg).toMatch(/<title id="title">.+<\/title>\n<desc id="about">.+<\/desc>/);
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg).not.toMatch(/<script|href=|NaN|undefined/);
    expect(make()).toBe(svg);
  },
);

test("the resource table counts every resource once", () => {
  const page = diagrams.find(({ file }) => file.endsWith("resources.md"))?.make() ?? "";
  const counts = page.split("\n").flatMap((line) => (/^\| `(aws|terraform)_/.test(line) ? line.split("|").slice(2, -2).map(Number) : []));
  expect(counts.reduce((sum, one) => sum + one, 0)).toBe(resourcesOf(all).length);
});
