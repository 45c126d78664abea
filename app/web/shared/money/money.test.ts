import { expect, test, vi } from "vitest";
import { createWords, type Language, languages } from "../words/language.ts";
import { calendarDay, clock, dayAndTime, lastDay } from "./dates.ts";
import { money, price } from "./money.ts";

vi.stubGlobal("document", { documentElement: {} });
const { choose } = createWords({}, { sv: async () => ({}), it: async () => ({}) });

/** What this writes in each language, with plain spaces. */
async function written(write: () => string): Promise<Partial<Record<Language, string>>> {
  const texts: Partial<Record<Language, string>> = {};
  for (const language of languages) {
    await choose(language);
    texts[language] = write().replaceAll(/\s/gv, " ");
  }
  return texts;
}

test("kronor are kr and euro are € in every language, and four digits are grouped as five are", async () => {
  expect(await written(() => money(325_800, "SEK"))).toEqual({ sv: "3 258,00 kr", it: "3.258,00 kr", en: "3 258,00 kr" });
  expect(await written(() => money(1_230_000, "SEK"))).toEqual({ sv: "12 300,00 kr", it: "12.300,00 kr", en: "12 300,00 kr" });
  expect(await written(() => price(5_900, "EUR"))).toEqual({ sv: "59 €", it: "59 €", en: "€59" });
});

test("a moment is told by the clock that is asked for, wherever the browser is", async () => {
  const midnightInStockholm = "2026-11-30T23:30:00Z";
  expect(await written(() => dayAndTime(midnightInStockholm, "Europe/Stockholm"))).toEqual({
    sv: "1 dec. 00:30",
    it: "1 dic, 00:30",
    en: "1 Dec, 00:30",
  });
  expect(clock(midnightInStockholm, "Europe/Stockholm")).toBe("00:30");
  expect(lastDay("2026-05-31T22:00:00Z", "Europe/Stockholm")).toBe("31 May 2026");
});

test("a day of the calendar stays that day in every zone, with its year where it is not this one", async () => {
  expect(await written(() => calendarDay("2019-12-31"))).toEqual({ sv: "tis 31 dec. 2019", it: "mar 31 dic 2019", en: "Tue, 31 Dec 2019" });
  expect(calendarDay(`${new Date().getFullYear()}-07-01`)).not.toMatch(/\d{4}/v);
});
