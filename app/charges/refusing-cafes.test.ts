import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, newCardUid, type Till } from "../testing/money.ts";
import { times } from "../testing/proof/books.ts";
import { refreshRefusingCafes } from "./refusing-cafes.ts";

let campus: Campus;
let money: Money;
let student: MoneyStudent;
beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  student = await money.fundedStudent({ balanceMinor: 100_000 });
});
afterAll(() => campus.end());

async function refusing(): Promise<number> {
  campus.worker.metrics.embeddedLines(0);
  await refreshRefusingCafes(campus.worker);
  return Number(campus.worker.metrics.embeddedLines(0).find((one) => "CafesRefusingCards" in one)?.CafesRefusingCards);
}

async function sell(till: Till, count: number): Promise<void> {
  for (const _ of times(count, () => 0)) expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor: 100 })));
}
const stranger = (till: Till) => student.scan(till, { cardUid: newCardUid() });

const period = async () => String((await campus.sql<{ at: Date }>`select refusal_period() as at`)[0]?.at);

/** What the work found in one of the ten minutes: on their border it is done again, at cafés of its own. */
async function withinOnePeriod<Found>(work: () => Promise<Found>): Promise<Found> {
  const began = await period();
  const found = await work();
  return (await period()) === began ? found : withinOnePeriod(work);
}

test("a café refuses cards where five were no good in ten minutes and they are two of five that it was shown", async () => {
  const found = await withinOnePeriod(async () => {
    const [busy, second] = await Promise.all([money.till(), money.till()]);
    await sell(busy, 8);
    for (const _ of times(5, () => 0)) await stranger(busy);
    const fiveOfThirteen = await refusing();
    await stranger(busy);
    const sixOfFourteen = await refusing();
    for (const _ of times(4, () => 0)) await stranger(second);
    const andFourElsewhere = await refusing();
    await stranger(second);
    return { fiveOfThirteen, sixOfFourteen, andFourElsewhere, andFive: await refusing() };
  });
  expect(found).toEqual({ fiveOfThirteen: 0, sixOfFourteen: 1, andFourElsewhere: 1, andFive: 2 });
  await campus.sql`update refused_cards set period = period - interval '10 minutes'`;
  expect(await refusing(), "ten minutes later").toBe(0);
});
