import { expect, test } from "vitest";
import { readSqlFiles } from "./sql-files.ts";

/** A screen and a half; a longer line than this counts as two. */
const maxLines = 75;
const lineWidth = 140;

interface SqlFunction {
  readonly name: string;
  readonly lines: number;
  readonly shortNames: readonly string[];
}

/** A short name is for a few lines: `o` of a query's table, and not a record that lives through a whole function. */
const shortNamesWithin = 25;

const { definitions } = await readSqlFiles();
const functions = definitions.flatMap(({ text }) => functionsOf(text));

function functionsOf(text: string): SqlFunction[] {
  return [...text.matchAll(/^create or replace function (\w+)[\s\S]*?\$\$([\s\S]*?)\$\$;$/gm)].map(([whole, name = "", body = ""]) => {
    const declared = /\bdeclare\b([\s\S]*?)\bbegin\b/.exec(body)?.[1] ?? "";
    const names = [...declared.matchAll(/(?:^|;)\s*(\w+)\s/g)].map(([, variable = ""]) => variable);
    return { name, lines: screenLines(whole), shortNames: names.filter((variable) => variable.length < 3) };
  });
}

function screenLines(text: string): number {
  return text.split("\n").reduce((lines, line) => lines + Math.max(1, Math.ceil(line.length / lineWidth)), 0);
}

test("no SQL function is longer than a screen and a half", () => {
  expect(functions.length).toBeGreaterThan(60);
  const tooLong = functions.filter(({ lines }) => lines > maxLines).map(({ name, lines }) => `${name}: ${lines}`);
  expect(tooLong, "Cut it into named steps, as confirm_charge() is: what can refuse, the write, what is told.").toEqual([]);
});

test("what lives through a long SQL function has a name that says what it is", () => {
  const unclear = functions
    .filter(({ lines, shortNames }) => lines > shortNamesWithin && shortNames.length > 0)
    .map(({ name, shortNames }) => `${name}: ${shortNames.join(", ")}`);
  expect(unclear).toEqual([]);
});
