import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Block, blocksOf } from "./blocks.ts";

export const sections = [
  "Trigger",
  "Impact",
  "First five minutes",
  "Diagnose",
  "Decide",
  "Mitigate",
  "Roll back",
  "Verify",
  "Follow up",
] as const;

export interface Page {
  /** "rds-failover-and-storage" */
  readonly name: string;
  readonly title: string;
  /** Names of alarms; a procedure may have none. */
  readonly alarms: readonly string[];
  readonly severity: "page" | "ticket" | "procedure";
  readonly owner: string;
  readonly reviewed: string;
  /** What somebody sees who does not know the alarm's name. */
  readonly symptoms: readonly string[];
  /** The parts of the system that the page is about. */
  readonly services: readonly string[];
  readonly blocks: readonly Block[];
}

const folder = path.join(import.meta.dirname, "../../runbooks");

export const readPages = (): readonly Page[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".md") && file !== "README.md")
    .sort()
    .map((file) => pageOf(file.slice(0, -".md".length), readFileSync(path.join(folder, file), "utf8")));

export const blocksOfPage = (page: string): readonly Block[] => {
  const found = readPages().find(({ name }) => name === page);
  if (!found) throw new Error(`there is no page runbooks/${page}.md.`);
  return found.blocks;
};

/** The change of a page, for this machine or for AWS, whose command has all of these in it. */
export function changeOf(page: string, place: Block["place"], ...parts: readonly string[]): Block {
  const change = blocksOfPage(page).find(
    (block) => block.kind === "change" && block.place === place && parts.every((part) => block.command.includes(part)),
  );
  if (!change) throw new Error(`runbooks/${page}.md has no change for ${place} with ${parts.join(" and ") || "anything"} in it.`);
  return change;
}

/** Throws with the page's name and what is wrong with it. */
export function pageOf(name: string, text: string): Page {
  const head = /^---\n+([\s\S]*?)\n---\n/.exec(text)?.[1];
  if (head === undefined) throw new Error(`runbooks/${name}.md: no front matter between two lines of "---"`);
  const fields = new Map([...head.matchAll(/^(\w+):\s*(.+)$/gm)].map(([, key = "", value = ""]) => [key, value.trim()]));
  const field = (key: string): string => {
    const value = fields.get(key);
    if (!value) throw new Error(`runbooks/${name}.md: the front matter lacks "${key}:"`);
    return value;
  };
  const list = (key: string): readonly string[] =>
    field(key)
      .split(",")
      .map((one) => one.trim());
  const severity = field("severity");
  if (severity !== "page" && severity !== "ticket" && severity !== "procedure")
    throw new Error(`runbooks/${name}.md: severity is "${severity}"; say page, ticket or procedure`);
  const found = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1] ?? "");
  if (found.join() !== sections.join())
    throw new Error(`runbooks/${name}.md: its sections are ${found.join(" · ")}; all pages have ${sections.join(" · ")}`);
  return {
    name,
    title: /^# (.+)$/m.exec(text)?.[1] ?? name,
    alarms: severity === "procedure" && !fields.has("alarm") ? [] : list("alarm"),
    severity,
    owner: field("owner"),
    reviewed: field("reviewed"),
    symptoms: list("symptoms"),
    services: list("services"),
    blocks: within(name, () => blocksOf(text)),
  };
}

function within<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`runbooks/${name}.md: ${(error as Error).message}`);
  }
}
