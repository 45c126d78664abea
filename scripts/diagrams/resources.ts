import { resourcesOf, type Synthesized } from "../../stacks/rules/synthesized.ts";
import { drawnEnvironment, regionOf, shortStack } from "./campus.ts";
import { written } from "./page.ts";

/** Every resource of every stack by type; the stacks that stand in both regions side by side. */
export function renderResources(all: Synthesized): string {
  const stacks = [...all.stacks.keys()].sort();
  const parts = [...new Set(stacks.map((name) => shortStack(name).replace(/^(north|south)-/, "")))].sort();
  const total = resourcesOf(all).length;
  return [
    "# The resources of the pilot",
    "",
    written,
    "",
    `${total} resources in ${stacks.length} stacks. Names are those of the constructs, as they stand in a plan; what it costs stands in \`regions/\`.`,
    "",
    "| stack | resources | types |",
    "| --- | ---: | ---: |",
    ...stacks.map((name) => `| ${name} | ${of(all, name).length} | ${new Set(of(all, name).map(({ type }) => type)).size} |`),
    "",
    ...parts.flatMap((part) => sectionOf(all, part)),
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}

const of = (all: Synthesized, name: string) => resourcesOf(all).filter(({ stack }) => stack === name);

function sectionOf(all: Synthesized, part: string): string[] {
  const both = ["north", "south"].map((place) => `${drawnEnvironment}-${place}-${part}`).filter((name) => all.stacks.has(name));
  if (both.length === 0) return [`## ${part}`, "", ...tableOf(all, [`${drawnEnvironment}-${part}`], ["number"])];
  const heads = (["north", "south"] as const).map((place) => `${place}, ${regionOf(place)}`);
  return [`## ${part}`, "", ...tableOf(all, both, heads)];
}

function tableOf(all: Synthesized, stacks: readonly string[], heads: readonly string[]): string[] {
  const own = stacks.map((name) => of(all, name));
  const types = [...new Set(own.flat().map(({ type }) => type))].sort();
  const rows = types.map((type) => {
    const names = own.map((resources) => resources.filter((one) => one.type === type).map(({ path }) => path.slice(path.indexOf("/") + 1)));
    return `| \`${type}\` | ${names.map(({ length }) => length).join(" | ")} | ${namesOf(names)} |`;
  });
  return [`| type | ${heads.join(" | ")} | names |`, `| --- |${heads.map(() => " ---: |").join("")} --- |`, ...rows, ""];
}

/** A name that stands in one region only says in which. */
function namesOf(lists: readonly (readonly string[])[]): string {
  const [north = [], south] = lists;
  const all = [...new Set(lists.flat())].sort();
  return all
    .map((name) => {
      const where = !south || (north.includes(name) && south.includes(name)) ? "" : north.includes(name) ? " (north)" : " (south)";
      return `${name}${where}`;
    })
    .join(", ");
}
