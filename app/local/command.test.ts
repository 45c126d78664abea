import { expect, test } from "vitest";
import { type Command, readArguments } from "./command.ts";

const command = {
  name: "npm run pour",
  for: "developer",
  what: "Pours.",
  touches: "a cup.",
  options: {
    into: { type: "string", value: "CUP", help: "the cup" },
    with: { type: "string", value: "THING", multiple: true, help: "what is in it" },
    hot: { type: "boolean", help: "warm it" },
  },
} as const satisfies Command;

test("an option that takes one value and is given two is refused, not half obeyed", () => {
  expect(() => readArguments(command, ["--into", "one", "--into=two"])).toThrow(
    "npm run pour: --into is given twice, and takes one value. `npm run pour -- --help` says what it takes.",
  );
  const { values } = readArguments(command, ["--with", "milk", "--with", "sugar", "--hot", "--hot", "--into", "one"]);
  expect(values).toEqual({ with: ["milk", "sugar"], hot: true, into: "one" });
});
