import { expect, test } from "vitest";
import { readSqlFiles } from "./sql-files.ts";

/** A screen and a half; a longer line than this counts as two. */
const maxLines = 75;
const lineWidth = 140;

/** Why these may be longer. */
const longer: Readonly<Record<string, string>> = {
  confirm_charge: "one column and one condition a line; a further call of a function would cost each debit CPU",
};

interface SqlFunction {
  readonly name: string;
  readonly lines: number;
}

const { definitions } = await readSqlFiles();
const functions = definitions.flatMap(({ text }) => functionsOf(text));

function functionsOf(text: string): SqlFunction[] {
  const found = text.matchAll(/^create or replace function (\w+)[\s\S]*?\$\$[\s\S]*?\$\$;$/gm);
  return [...found].map(([whole, name = ""]) => ({ name, lines: screenLines(whole) }));
}

function screenLines(text: string): number {
  return text.split("\n").reduce((lines, line) => lines + Math.max(1, Math.ceil(line.length / lineWidth)), 0);
}

test("no SQL function is longer than a screen and a half, but for those with a reason", () => {
  expect(functions.length).toBeGreaterThan(60);
  const tooLong = functions
    .filter(({ name, lines }) => lines > maxLines && !(name in longer))
    .map(({ name, lines }) => `${name}: ${lines}`);
  expect(tooLong, "Cut it into named steps, as place_order() is: what can refuse, the write, what is told.").toEqual([]);
  const needless = Object.keys(longer).filter((name) => !functions.some((each) => each.name === name && each.lines > maxLines));
  expect(needless, "These need no exception any more.").toEqual([]);
});
