/** A command of a runbook: a check reads and has an expected answer, a change has an undo. */
export type Block = {
  readonly kind: "check" | "change";
  readonly section: string;
  readonly command: string;
  /** For a check, a regular expression that its output must match; for a change, how to take it back. */
  readonly expected: string;
};

const fenced = /^```(.*)\n([\s\S]*?)^```$/gm;

/** Every runnable block of a runbook, in its order. Throws where a check has no expected answer or a change no undo. */
export const blocksOf = (markdown: string): readonly Block[] => {
  const fences = [...markdown.matchAll(fenced)].map((match) => ({
    label: match[1] ?? "",
    body: match[2] ?? "",
    start: match.index,
    end: match.index + match[0].length,
  }));
  return fences.flatMap((fence, at): Block[] => {
    const section =
      markdown
        .slice(0, fence.start)
        .match(/^## (.+)$/gm)
        ?.at(-1)
        ?.slice(3) ?? "";
    const command = fence.body.trim();
    if (fence.label === "sh check") return [{ kind: "check", section, command, expected: answerOf(fences[at + 1], section) }];
    if (fence.label === "sh change") return [{ kind: "change", section, command, expected: undoOf(markdown.slice(fence.end), section) }];
    return [];
  });
};

const answerOf = (next: { readonly label: string; readonly body: string } | undefined, section: string): string => {
  const [pattern, meaning] = next?.label === "expect" ? next.body.split("\n") : [];
  if (!pattern || !meaning) throw new Error(`${section}: a check needs an expect block, with a pattern and what another answer means`);
  return pattern;
};

const undoOf = (rest: string, section: string): string => {
  const undo = rest.trimStart().match(/^Undo: (.+)$/m);
  if (undo?.index !== 0) throw new Error(`${section}: a change needs a line that begins with "Undo:" right after it`);
  return undo[1] ?? "";
};
