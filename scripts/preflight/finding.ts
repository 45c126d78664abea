/** One thing that was looked at: fine, a stop with the way to mend it, or a note. */
export type Finding =
  | { readonly kind: "fine" | "note"; readonly about: string; readonly says: string }
  | { readonly kind: "stop"; readonly about: string; readonly says: string; readonly mend: string };

export const fine = (about: string, says: string): Finding => ({ kind: "fine", about, says });
export const note = (about: string, says: string): Finding => ({ kind: "note", about, says });
export const stop = (about: string, says: string, mend: string): Finding => ({ kind: "stop", about, says, mend });

const marks = { fine: "ok  ", note: "note", stop: "STOP" } as const;

export const lineOf = (finding: Finding): string =>
  `${marks[finding.kind]} ${finding.about}: ${finding.says}${finding.kind === "stop" ? `\n     mend: ${finding.mend}` : ""}`;

export const hasStop = (findings: readonly Finding[]): boolean => findings.some(({ kind }) => kind === "stop");
