import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { Target } from "./targets.ts";

export type Verdict = "killed" | "survived" | "no mutant";

interface Judged {
  readonly text: string;
  readonly target: Target;
}

interface Line {
  readonly mutant: string;
  readonly tests: string;
  readonly verdict: Verdict;
}

export interface KeptVerdicts {
  /** What a run before found. A survivor of tests that are other ones now is judged anew. */
  find(mutant: Judged): Verdict | undefined;
  keep(mutant: Judged, verdict: Verdict): Verdict;
}

/** One line a verdict, by what the mutant is and what its tests were: a run that was stopped goes on behind the last one. */
export function keepVerdicts(root: string, fresh: boolean): KeptVerdicts {
  const file = path.join(root, ".campus", "mutants.jsonl");
  mkdirSync(path.dirname(file), { recursive: true });
  if (fresh) rmSync(file, { force: true });
  const texts = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  const lines = texts.map((text) => JSON.parse(text) as Line);
  const nameOf = ({ target, text }: Judged) => digest(target.file, text);
  const testsOf = ({ target }: Judged) => digest(...target.tests.flatMap((test) => [test, readFileSync(path.join(root, test), "utf8")]));
  return {
    find(mutant) {
      const [name, tests] = [nameOf(mutant), testsOf(mutant)];
      return lines.findLast((line) => line.mutant === name && (line.verdict !== "survived" || line.tests === tests))?.verdict;
    },
    keep(mutant, verdict) {
      appendFileSync(file, `${JSON.stringify({ mutant: nameOf(mutant), tests: testsOf(mutant), verdict } satisfies Line)}\n`);
      return verdict;
    },
  };
}

const digest = (...parts: readonly string[]) => createHash("sha256").update(parts.join("\0")).digest("base64url");
