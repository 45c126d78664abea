import { expect, test, vi } from "vitest";
import { again, violatedBy } from "./broken-campus.ts";

vi.mock("../../../platform/idempotency.ts", () => import("./key-after-commit.ts"));

test("canary: key after commit is caught by exactly I7", async () => {
  expect(await violatedBy(async () => undefined), again("key after commit")).toEqual(["I7"]);
});
