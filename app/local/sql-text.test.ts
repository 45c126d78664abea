import { expect, test } from "vitest";
import { describeQuery, formatError, formatResult, isComplete } from "./sql-text.ts";

test("rows are shown as an aligned table with their number, NULL apart from the empty text", () => {
  const fields = [{ name: "id" }, { name: "name" }] as never;
  const text = formatResult({
    command: "SELECT",
    rowCount: 2,
    oid: 0,
    fields,
    rows: [
      ["1", null],
      ["1000", ""],
    ],
  });
  expect(text).toBe([" id   | name", "------+------", " 1    | ∅", " 1000 |", "(2 rows)"].join("\n"));
});

test("a statement without rows says what it did", () => {
  expect(formatResult({ command: "UPDATE", rowCount: 3, oid: 0, fields: [], rows: [] })).toBe("UPDATE 3");
  expect(formatResult({ command: "CREATE", rowCount: null, oid: 0, fields: [], rows: [] } as never)).toBe("CREATE");
});

test("a statement is sent at its semicolon, but not at one inside a function's body", () => {
  expect(isComplete("select 1")).toBe(false);
  expect(isComplete("select 1; ")).toBe(true);
  expect(isComplete("create function f() returns int language sql as $$ select 1;")).toBe(false);
  expect(isComplete("create function f() returns int language sql as $$ select 1; $$;")).toBe(true);
});

test("\\d takes a table's name as a bound value", () => {
  expect(describeQuery("\\d")?.values).toEqual([]);
  expect(describeQuery(" \\d orders ")?.values).toEqual(["orders"]);
  expect(describeQuery("\\d x; drop table y")).toBeUndefined();
  expect(describeQuery("select 1;")).toBeUndefined();
});

test("an error is shown with a mark under the place that it complains about", () => {
  const error = Object.assign(new Error('syntax error at or near "frm"'), { position: "18" });
  expect(formatError(error, "select 1,\nfoo   frm bar;")).toBe(
    ['ERROR: syntax error at or near "frm"', "foo   frm bar;", "       ^"].join("\n"),
  );
});
