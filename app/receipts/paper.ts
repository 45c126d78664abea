/** A till's roll of paper: this many letters of one width fit in a line. */
export const paperColumns = 42;

export const rule = "-".repeat(paperColumns);

/** Composed letters, so that å is one of the 42; and nothing that a printer would take for a command. */
const lettersOf = (text: string): string[] => [...text.normalize("NFC").replaceAll(/\p{Cc}/gu, " ")];

/** Broken at spaces, and inside a word only where it is longer than a line. */
export function wrap(text: string, columns = paperColumns): string[] {
  const lines: string[] = [];
  let line: string[] = [];
  for (const word of lettersOf(text).join("").split(" ").filter(Boolean)) {
    let letters = [...word];
    if (line.length > 0 && line.length + 1 + letters.length <= columns) {
      line = [...line, " ", ...letters];
      continue;
    }
    if (line.length > 0) lines.push(line.join(""));
    for (; letters.length > columns; letters = letters.slice(columns)) lines.push(letters.slice(0, columns).join(""));
    line = letters;
  }
  return line.length > 0 ? [...lines, line.join("")] : lines;
}

export const centred = (text: string): string[] =>
  wrap(text).map((line) => `${" ".repeat(Math.floor((paperColumns - [...line].length) / 2))}${line}`);

/** Text on the left, a number on the right of the first line. */
export function pair(left: string, right: string, indent = ""): string[] {
  const columns = paperColumns - right.length - 1 - indent.length;
  const [first = "", ...more] = wrap(left, columns);
  return [`${indent}${first}${" ".repeat(columns - [...first].length + 1)}${right}`, ...more.map((line) => `${indent}${line}`)];
}

// A formatter takes longer to make than a line to print, and there are a few zones.
const clockOf = remembered(
  (timeZone) =>
    new Intl.DateTimeFormat("en-CA", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZoneName: "longOffset",
    }),
);

function remembered<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const value = made.get(name) ?? make(name);
    made.set(name, value);
    return value;
  };
}

export const percent = (basisPoints: number): string => `${basisPoints / 100} %`;

/** On the café's own clock, with its distance from UTC: an hour that the clock reads twice stays two. */
export function localTime(at: Date, timeZone: string): string {
  const parts = clockOf(timeZone).formatToParts(at);
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.find((each) => each.type === type)?.value ?? "";
  const offset = of("timeZoneName").replace("GMT", "") || "+00:00";
  return `${of("year")}-${of("month")}-${of("day")} ${of("hour")}:${of("minute")} ${offset}`;
}
