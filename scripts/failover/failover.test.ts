import { DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Loss, lostLines, rpoLine } from "./loss.ts";
import { type PilotWorld, startPilotWorld } from "./world.ts";

const [north, south] = ["eu-north-1", "eu-south-1"];
const withinMs = 300_000;
let world: PilotWorld | undefined;
const pilot = (): PilotWorld => {
  if (!world) throw new Error("no world");
  return world;
};

beforeAll(async () => {
  world = await startPilotWorld();
}, withinMs);
afterAll(() => world?.stop());

const sizeOf = async (region: string, group: string) => {
  const asked = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
  return (await pilot().autoScaling(region).send(asked)).AutoScalingGroups?.[0]?.DesiredCapacity;
};

test("the loss is told from the newest payment that came over to the newest that did not", () => {
  const paid = (paid_at: string) => ({
    order_number: "A-1",
    receipt_id: "r",
    amount_minor: 5_900,
    currency: "SEK",
    paid_at,
    status: "open",
  });
  const lastKeptAt = "2027-03-01T10:00:00.000Z";
  const loss: Loss = { epoch: 2, lastKeptAt, lost: [paid("2027-03-01T10:00:00.400Z"), paid("2027-03-01T10:00:01.500Z")] };
  expect(rpoLine(loss, "2027-03-01T10:00:09.000Z")).toMatch(/^RPO 1\.5 s/);
  expect(lostLines(loss)).toEqual(["2 lost receipts found so far:", expect.stringContaining("5900 SEK"), expect.any(String)]);
  expect(rpoLine({ ...loss, lost: [] }, "2027-03-01T10:00:09.000Z")).toMatch(/^RPO at most 9\.0 s/);
  expect(rpoLine({ ...loss, lastKeptAt: null }, lastKeptAt)).toMatch(/^RPO not known/);
});

describe("npm run failover", () => {
  test(
    "what is mistyped, or nobody agreed to, changes nothing",
    async ({ skip }) => {
      if (!world) return skip();
      expect(await pilot().run("failover", ["pilot"])).toMatchObject({
        code: 2,
        said: expect.stringContaining("give --to eu-north-1 or eu-south-1"),
      });
      expect(await pilot().run("failover", ["pilot", "--to", south, "--lost-at", "noon"])).toMatchObject({ code: 2 });
      expect(await pilot().run("failover", ["pilot", "--to", south, "--url", pilot().url])).toMatchObject({
        code: 2,
        said: expect.stringContaining("nobody is here to ask"),
      });
      const plan = await pilot().run("failover", ["pilot", "--to", south, "--dry-run"]);
      expect(plan).toMatchObject({ code: 0, said: expect.stringContaining("3. 2 machines serve there") });
      expect(await pilot().run("failover", ["pilot", "--to", north, "--yes"])).toMatchObject({
        code: 0,
        said: expect.stringContaining("eu-north-1 writes already"),
      });
      expect(await pilot().epochOf(south)).toEqual({ epoch: 1, writer: north });
      expect(await pilot().databases(south)).toEqual([{ name: "campus-pilot-south-main", follows: true }]);
    },
    withinMs,
  );

  test(
    "with a region out of reach, stopped in the middle and run again it goes on, and the other one writes, with one new epoch",
    async ({ skip }) => {
      if (!world) return skip();
      pilot().lose(north);
      const stopped = await pilot().run("failover", ["pilot", "--to", south, "--yes", "--url", pilot().url], /^2\/5 /m);
      expect(stopped).toMatchObject({ code: 130, said: expect.stringContaining("eu-north-1 does not answer") });
      expect(await pilot().epochOf(south)).toEqual({ epoch: 2, writer: south });
      const ended = await pilot().run("failover", ["pilot", "--to", south, "--yes", "--url", pilot().url]);
      expect(ended.said).toContain("1/5 epoch 2: eu-south-1 writes, eu-north-1 no longer: done before");
      expect(ended).toMatchObject({
        code: 0,
        said: expect.stringMatching(/RTO 0 min \d+ s: from \S+ to \S+, when \S+ debited in eu-south-1/),
      });
      expect(await pilot().epochOf(north)).toEqual({ epoch: 1, writer: north });
      expect(await pilot().databases(south)).toEqual([{ name: "campus-pilot-south-main", follows: false }]);
      expect(await sizeOf(south, "campus-pilot-south-blue")).toBe(2);
      expect(await pilot().isInverted()).toBe(true);
      const again = await pilot().run("failover", ["pilot", "--to", south, "--yes", "--url", pilot().url]);
      expect(again).toMatchObject({ code: 0, said: expect.stringContaining("eu-south-1 writes already") });
      expect(await pilot().epochOf(south)).toEqual({ epoch: 2, writer: south });
    },
    withinMs,
  );
});

describe("npm run failback", () => {
  const home = (...args: readonly string[]) => pilot().run("failback", ["pilot", "--url", pilot().url, ...args]);

  test(
    "the old database becomes a witness, and a copy of the writer takes its place and its name",
    async ({ skip }) => {
      if (!world) return skip();
      pilot().lose(undefined);
      expect(await home("--dry-run")).toMatchObject({
        code: 0,
        said: expect.stringContaining("becomes campus-pilot-north-main-until-2, a witness"),
      });
      expect(await home("--yes")).toMatchObject({
        code: 0,
        said: expect.stringContaining("campus-pilot-north-main follows campus-pilot-south-main"),
      });
      expect(await pilot().databases(north)).toEqual([
        { name: "campus-pilot-north-main", follows: true },
        { name: "campus-pilot-north-main-until-2", follows: false },
      ]);
      // The region that was lost has heard of it: a machine that boots there and reaches nobody else takes itself for no writer.
      for (const region of [north, south]) expect(await pilot().epochOf(region)).toEqual({ epoch: 2, writer: south });
      expect(await home("--yes")).toMatchObject({ code: 0, said: expect.stringContaining("follows campus-pilot-south-main already") });
    },
    withinMs,
  );

  test(
    "home again as planned: both regions know the new epoch, the copy there writes, and the other region has one again",
    async ({ skip }) => {
      if (!world) return skip();
      const ended = await home("--home", "--yes");
      expect(ended.said).toContain("2/6 eu-south-1 takes no payment, and its copy has all of it");
      expect(ended).toMatchObject({ code: 0, said: expect.stringMatching(/RTO 0 min \d+ s/) });
      expect(ended.said).not.toContain("lost receipts");
      for (const region of [north, south]) expect(await pilot().epochOf(region)).toEqual({ epoch: 3, writer: north });
      expect(await pilot().isInverted()).toBe(false);
      expect(await pilot().databases(north)).toContainEqual({ name: "campus-pilot-north-main", follows: false });
      expect(await pilot().databases(south)).toEqual([
        { name: "campus-pilot-south-main", follows: true },
        { name: "campus-pilot-south-main-until-3", follows: false },
      ]);
      expect(await home()).toMatchObject({ code: 0, said: expect.stringContaining("nothing is left to do") });
    },
    withinMs,
  );
});
