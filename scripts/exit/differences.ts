/** Where the two syntheses disagree: `where` is the path inside the JSON, [] for any element of a list. */
export type Difference = { readonly where: string; readonly cdktf: string; readonly cdktn: string };

const missing = "(nothing)";

export function differencesOf(cdktf: unknown, cdktn: unknown, where = ""): Difference[] {
  if (isObject(cdktf) && isObject(cdktn)) {
    const keys = [...new Set([...Object.keys(cdktf), ...Object.keys(cdktn)])];
    return keys.flatMap((key) => differencesOf(cdktf[key], cdktn[key], where === "" ? key : `${where}.${key}`));
  }
  if (Array.isArray(cdktf) && Array.isArray(cdktn) && cdktf.length === cdktn.length) {
    return cdktf.flatMap((element, index) => differencesOf(element, cdktn[index], `${where}[]`));
  }
  return JSON.stringify(cdktf) === JSON.stringify(cdktn) ? [] : [{ where, cdktf: shown(cdktf), cdktn: shown(cdktn) }];
}

/** The rows of the record's table whose head is "where | cdktf | cdktn". */
export function listedDifferences(record: string): Difference[] {
  const lines = record.split("\n").map(cells);
  const head = lines.findIndex((line) => line.join() === "where,cdktf,cdktn");
  if (head < 0) throw new Error("the decision record has no table with the head | where | cdktf | cdktn |; put it back.");
  const end = lines.findIndex((line, index) => index > head && line.length === 0);
  return lines.slice(head + 2, end < 0 ? undefined : end).map(([where = "", cdktf = "", cdktn = ""]) => ({ where, cdktf, cdktn }));
}

/** What stands in one of the two lists only, in words. */
export function judge(found: readonly Difference[], listed: readonly Difference[]): string[] {
  const kept = new Set(listed.map(inWords));
  const seen = new Set(found.map(inWords));
  return [
    ...[...seen].filter((one) => !kept.has(one)).map((one) => `not in the list: ${one}`),
    ...[...kept].filter((one) => !seen.has(one)).map((one) => `listed, but not there any more: ${one}`),
  ];
}

export const inWords = ({ where, cdktf, cdktn }: Difference): string => `${where} is ${cdktf} under cdktf, ${cdktn} under cdktn`;

const cells = (line: string): string[] =>
  line.startsWith("|")
    ? line
        .slice(1, line.lastIndexOf("|"))
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", ""))
    : [];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const shown = (value: unknown): string => (value === undefined ? missing : typeof value === "string" ? value : JSON.stringify(value));
