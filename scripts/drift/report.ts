import type { Seen } from "./look.ts";

export const exitCodes = { same: 0, drifted: 1, notSeen: 2 } as const;

const marks = { same: "ok       ", drifted: "DRIFT    ", "not seen": "NOT SEEN " } as const;
const indent = " ".repeat(marks.same.length);

export const linesOf = (seen: Seen): readonly string[] => {
  if (seen.kind === "same") return [`${marks.same}${seen.about}`];
  const says = seen.says.map((line) => `${indent}${line}`);
  return [`${marks[seen.kind]}${seen.about}`, ...says, ...(seen.kind === "drifted" ? [`${indent}mend: ${seen.mend}`] : [])];
};

/** Drift found is drift, whatever else could not be seen; what could not be seen is never "no drift". */
export const exitCodeOf = (all: readonly Seen[]): number => {
  if (all.some(({ kind }) => kind === "drifted")) return exitCodes.drifted;
  return all.some(({ kind }) => kind === "not seen") || all.length === 0 ? exitCodes.notSeen : exitCodes.same;
};

export const verdict = (all: readonly Seen[]): string => {
  const count = (kind: Seen["kind"]) => all.filter((seen) => seen.kind === kind).length;
  const unseen = count("not seen") > 0 ? `, ${count("not seen")} could not be seen` : "";
  if (count("drifted") === 0 && unseen === "") return "drift: none";
  return `drift: ${count("drifted") === 0 ? "none found" : `in ${count("drifted")} of ${all.length}`}${unseen}`;
};
