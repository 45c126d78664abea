import { expect, test } from "vitest";
import { planPast } from "./past-plan.ts";

const welcomeMinor = 50_000;
const dishes = [2_500, 9_900, 4_200, 13_000].map((priceMinor) => ({ id: `dish ${priceMinor}`, priceMinor, choices: [] }));
const studentIds = ["one", "two", "three", "four"];
const places = ["AULA", "NORR", "BIBL"].map((code) => ({ cafeId: code, code, dishes }));
const days = Array.from({ length: 60 }, (_, index) => new Date(Date.UTC(2026, 9, 1 + index)).toISOString().slice(0, 10));

test("wherever the clock cuts the plan, no wallet is below its first money", () => {
  for (const today of days) {
    const balances = new Map(studentIds.map((id) => [id, welcomeMinor]));
    for (const act of planPast({ places, studentIds, welcomeMinor, today })) {
      if (act.kind === "top_up") balances.set(act.studentId, (balances.get(act.studentId) ?? 0) + act.amountMinor);
      if (act.kind !== "order" || act.studentId === null || act.end !== "completed") continue;
      const total = act.lines.reduce((sum, line) => sum + line.quantity * Number(line.menu_item_id.slice(5)), 0);
      const left = (balances.get(act.studentId) ?? 0) - total;
      expect(left, `${today}: ${act.day} minute ${act.minute}`).toBeGreaterThanOrEqual(welcomeMinor);
      balances.set(act.studentId, left);
    }
  }
});

test("acts come in the order of their time, none before its day", () => {
  const acts = planPast({ places, studentIds, welcomeMinor, today: "2026-11-30" });
  const times = acts.map(({ day, minute }) => `${day} ${String(minute).padStart(4, "0")}`);
  expect(times).toEqual([...times].sort());
  expect(acts.filter(({ minute }) => minute < 0 || minute >= 1_440)).toEqual([]);
  expect(acts.filter(({ kind }) => kind === "top_up").length).toBeGreaterThan(20);
});
