import { expect, test } from "vitest";
import { readOptions } from "./options.ts";
import { splitPassword } from "./servers.ts";

test("without anything said, the front takes 8080 and the data stays", () => {
  expect(readOptions({ fresh: undefined }, {})).toEqual({ port: 8080, fresh: false });
  expect(readOptions({ fresh: true }, { PORT: "9000" })).toEqual({ port: 9000, fresh: true });
});

test.each([
  ["a port that is no number", false, { PORT: "http" }, /PORT is "http": give a whole number/],
  ["a port that leaves no room for the next three", false, { PORT: "65533" }, /from 1 to 65532/],
  ["production", false, { CAMPUS_ENV: "production" }, /CAMPUS_ENV is "production": unset it/],
  ["erasing a database that is not ours", true, { DATABASE_URL: "postgres://db/campus" }, /empty that one yourself/],
])("%s is refused in one line", (_case, fresh, environment, line) => {
  expect(() => readOptions({ fresh }, environment)).toThrow(line);
  expect(() => readOptions({ fresh }, environment)).toThrow(/^[^\n]+$/);
});

test("a password in an address is taken out of it, for the app reads it apart", () => {
  expect(splitPassword("postgres://me:p%40ss@db.example.org:5433/campus")).toEqual({
    url: "postgres://me@db.example.org:5433/campus",
    password: "p@ss",
  });
  expect(splitPassword("redis://127.0.0.1:6379/3")).toEqual({ url: "redis://127.0.0.1:6379/3", password: "" });
});
