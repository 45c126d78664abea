import { expect, test } from "vitest";
import { nameField } from "../../identity/field-schemas.ts";
import { lineOfText, problemOfText, takeTexts } from "./text.ts";

test.each([
  ["half an emoji", "\ud83d", "half a character"],
  ["NUL", "a\u0000b", "control"],
  ["a line that is turned round", "abc\u202edef", "direction"],
  ["an isolated direction", "\u2066x\u2069", "direction"],
  ["a space of no width", "a\u200bb", "no width"],
  ["a mark of byte order", "\ufeffa", "no width"],
  ["a soft hyphen", "Bi\u00adstro", "no width"],
  ["a joiner of letters", "Bi\u034fstro", "no width"],
  ["an invisible sign of mathematics", "Bi\u2062stro", "no width"],
  ["a filler of Hangul", "\u3164", "no width"],
  ["another one", "\u115f", "no width"],
  ["an empty pattern of Braille", "\u2800", "no width"],
  ["a tag", "Bistro\u{e0041}", "no width"],
  ["a picture's selector behind a letter", "Bistro\ufe0f", "no width"],
  ["two selectors", "❤\ufe0f\ufe0f", "no width"],
  ["a joiner that joins nothing", "pay\u200dpal", "no width"],
])("%s is refused", (_, text, why) => {
  expect(problemOfText(text)).toContain(why);
  expect(takeTexts({ items: [{ note: text }] })).toEqual([{ path: ["items", "0", "note"], message: expect.stringContaining(why) }]);
});

test.each(["Åsa Öberg", "👩‍👩‍👧 family", "🏳️‍🌈", "👩🏽‍🍳", "❤️ 1️⃣ 👁️‍🗨️", "日本語", "two\nlines\tand a tab", "مرحبا"])("%j is a text", (text) => {
  expect(problemOfText(text)).toBeUndefined();
});

test("a text is composed where it stands, and its length is counted in characters", () => {
  const body = { name: "A\u030asa", more: ["o\u0308"] };
  expect(takeTexts(body)).toEqual([]);
  expect(body).toEqual({ name: "Åsa", more: ["ö"] });
  expect(lineOfText(3).safeParse("👍👍👍").success).toBe(true);
  expect(lineOfText(3).safeParse("👍👍👍👍").success).toBe(false);
  expect(lineOfText(3).parse(" A\u030as ")).toBe("Ås");
  expect(lineOfText(30).safeParse("two\nlines").success).toBe(false);
});

test("in a name each blank is one plain blank, so that no two names differ by what nobody sees", () => {
  expect(nameField(30).parse(" Bistro\u00a0\u2003 Nord  ")).toBe("Bistro Nord");
});
