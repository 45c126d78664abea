/** A command of a runbook: a check reads and has an expected answer, a change has an undo. */
export type Block = {
  readonly kind: "check" | "change";
  /** "here": beside a started system, in the test suite. "aws": where an account or the rehearsal's world answers. */
  readonly place: "here" | "aws";
  readonly section: string;
  readonly command: string;
  /** For a check, a regular expression that its output must match; for a change, how to take it back. */
  readonly expected: string;
  /** For a check: what another answer means. */
  readonly otherwise: string;
};

const fenced = /^```(.*)\n([\s\S]*?)^```$/gm;
const label = /^sh (check|change)( aws)?$/;

/** Every runnable block of a runbook, in its order. Throws where a check has no expected answer or a change no undo. */
export const blocksOf = (markdown: string): readonly Block[] => {
  const fences = [...markdown.matchAll(fenced)].map((match) => ({
    label: match[1] ?? "",
    body: match[2] ?? "",
    start: match.index,
    end: match.index + match[0].length,
  }));
  return fences.flatMap((fence, at): Block[] => {
    const [, kind, aws] = label.exec(fence.label) ?? [];
    if (!kind) {
      if (/^sh (?!$)/.test(fence.label))
        throw new Error(`a block is labelled "${fence.label}": say "sh check" or "sh change", then "aws" where it needs an account`);
      return [];
    }
    const section = sectionAt(markdown, fence.start);
    const place = aws ? "aws" : "here";
    const command = fence.body.trim();
    if (kind === "change") return [{ kind, place, section, command, expected: undoOf(markdown.slice(fence.end), section), otherwise: "" }];
    return [{ kind: "check", place, section, command, ...answerOf(fences[at + 1], section) }];
  });
};

const sectionAt = (markdown: string, at: number): string =>
  markdown
    .slice(0, at)
    .match(/^## (.+)$/gm)
    ?.at(-1)
    ?.slice(3) ?? "";

type Answer = Pick<Block, "expected" | "otherwise">;

const answerOf = (next: { readonly label: string; readonly body: string } | undefined, section: string): Answer => {
  const [pattern, ...meaning] = next?.label === "expect" ? next.body.trim().split("\n") : [];
  if (!pattern || meaning.length === 0)
    throw new Error(`${section}: a check needs an expect block, with a pattern and what another answer means`);
  return { expected: pattern, otherwise: meaning.join("\n") };
};

const undoOf = (rest: string, section: string): string => {
  const undo = rest.trimStart().match(/^Undo: (.+)$/m);
  if (undo?.index !== 0) throw new Error(`${section}: a change needs a line that begins with "Undo:" right after it`);
  return undo[1] ?? "";
};
