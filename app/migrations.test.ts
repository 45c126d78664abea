import { expect, test } from "vitest";
import { readSqlFiles } from "./sql-files.ts";
import { lintSteps } from "./testing/migration-lint.ts";

test("no migration locks or rewrites a table that people use without saying so, and each says why it is there", async () => {
  const { steps } = await readSqlFiles();
  expect(await lintSteps(steps)).toEqual([]);
  expect(steps.filter(({ text }) => !text.startsWith("-- Why: ")).map(({ name }) => name)).toEqual([]);
});

const mistakes: readonly (readonly [step: string, rule: string])[] = [
  ["create index planted on orders (paid_at);", "require-concurrent-index-creation"],
  ["drop index orders_day;", "require-concurrent-index-deletion"],
  ["alter table orders alter column version type bigint;", "changing-column-type"],
  ["alter table orders add column planted integer not null;", "adding-required-field"],
  ["alter table orders add column planted timestamptz default clock_timestamp();", "adding-field-with-default"],
  ["alter table orders alter column paid_at set not null;", "adding-not-nullable-field"],
  ["alter table orders add constraint planted check (version > 0);", "constraint-missing-not-valid"],
  ["alter table orders add constraint planted foreign key (table_id) references cafe_tables (id);", "adding-foreign-key-constraint"],
  ["alter table orders add constraint planted unique (paid_at);", "disallowed-unique-constraint"],
  ["alter table orders rename column version to planted;", "renaming-column"],
  ["alter table orders drop column version;", "ban-drop-column"],
  ["drop table orders;", "ban-drop-table"],
  ["update orders set version = 1;", "large-change-not-in-batches"],
  ["delete from outbox where done_at is not null;", "large-change-not-in-batches"],
  ["with old as (select id from outbox) delete from outbox where id in (select id from old);", "large-change-not-in-batches"],
  ["alter domain short_text add constraint planted check (length(value) < 400);", "domain-check-reads-every-row"],
  ["lock table wallets;", "whole-table-lock"],
  ["reindex index orders_day;", "whole-table-lock"],
  ["create index concurrently planted on orders (paid_at);", "concurrently-in-a-transaction"],
  ["create or replace view planted as select 1 as one;", "definition-in-a-step"],
];

const right: readonly string[] = [
  "alter table orders add column planted integer;",
  "-- outside a transaction\ncreate index concurrently if not exists planted on orders (paid_at);",
  "alter table orders add constraint planted check (version > 0) not valid;",
  "alter table orders validate constraint planted;",
  "-- in batches\nupdate orders set version = 1 where id in (select id from orders where version = 0 limit 1000);",
  "create table planted (id integer primary key);\ncreate index planted_id on planted (id);\ninsert into planted values (1);",
  "-- A table of ten rows.\n-- meant: large-change-not-in-batches\nupdate setting_keys set default_value = '1' where key = 'prepare_at_once';",
  "-- No process reads it since the release before.\n-- squawk-ignore ban-drop-column\nalter table orders drop column version;",
];

test("a step that would hold up payments is refused by the rule that knows better, and its safe form is not", async () => {
  const steps = [...mistakes.map(([text]) => text), ...right].map((text, index) => ({
    name: `9${String(index).padStart(3, "0")}_planted.sql`,
    text: `${text}\n`,
  }));
  const found = await lintSteps(steps);
  const rulesOf = (index: number) => found.filter((line) => line.startsWith(steps[index]?.name ?? "")).map((line) => line.split(": ")[1]);
  for (const [index, [text, rule]] of mistakes.entries()) expect([text, rulesOf(index)]).toEqual([text, expect.arrayContaining([rule])]);
  for (const [index, text] of right.entries()) expect([text, rulesOf(mistakes.length + index)]).toEqual([text, []]);
});
