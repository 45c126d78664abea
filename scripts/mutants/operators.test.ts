import { expect, test } from "vitest";
import { mutantsOf } from "./operators.ts";

const sql = `-- for update in a comment is no code, nor is a <= b
create function f() as $$
begin
  select * into o from orders where id = p_id and (status = 'due' or paid) and total_minor >= p_minor for update;
  if o.status <> 'due' then return null; end if;
  v_left := least(o.total_minor - o.refunded_minor, p_minor);
  perform end_hold('x', o.id, 'voided');
  v_id := post_between('fee', account_of('a', null), account_of('b', null), v_left, 'SEK', null, null);
end $$;`;

test("each operator finds its place in SQL, and none in a comment", () => {
  const found = mutantsOf("x.sql", sql).map(({ operator, line, from, to }) => [line, operator, from, to]);
  expect(found).toEqual([
    [4, "drop a condition", "and (status = 'due' or paid)", ""],
    [4, "drop a condition", "and total_minor >= p_minor", ""],
    [4, "flip a comparison", ">=", ">"],
    [4, "drop a lock", "for update", ""],
    [5, "ignore a check", "o.status <> 'due'", "false"],
    [5, "flip a comparison", "<>", "="],
    [6, "least for greatest", "least", "greatest"],
    [6, "change a sign", "-", "+"],
    [7, "drop a step", "perform end_hold('x', o.id, 'voided');", ""],
    [
      8,
      "swap the accounts",
      expect.stringContaining("'fee', account_of('a', null)"),
      expect.stringContaining("'fee', account_of('b', null), account_of('a', null)"),
    ],
  ]);
});

test("a mutant is the whole file with one change", () => {
  for (const { from, to, text } of mutantsOf("x.sql", sql))
    expect(text.length - sql.length).toBeLessThanOrEqual(to.length - from.length + 2);
});

test("TypeScript is lied to in its own words", () => {
  const text = "async function f() {\n  if (a === b) throw refused();\n  if (!row) throw new Error();\n  await tx.run(sql`select 1`);\n}\n";
  expect(mutantsOf("x.ts", text).map(({ operator, to }) => [operator, to])).toEqual([
    ["ignore a check", "(Math.random() > 2)"],
    ["flip a comparison", "!=="],
    ["drop a step", ""],
  ]);
});
