import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Seen } from "./look.ts";
import { exitCodeOf, linesOf, verdict } from "./report.ts";

const same: Seen = { kind: "same", about: "pilot-north-network" };
const drifted: Seen = { kind: "drifted", about: "pilot-north-data", says: ["update aws_db_instance.main (tags)"], mend: "deploy." };
const notSeen: Seen = { kind: "not seen", about: "pilot-north-api", says: ["Error: no credentials"] };

test("drift is exit 1, and what could not be seen is never called free of drift", () => {
  expect(exitCodeOf([same])).toBe(0);
  expect(exitCodeOf([same, drifted])).toBe(1);
  expect(exitCodeOf([drifted, notSeen])).toBe(1);
  expect(exitCodeOf([same, notSeen])).toBe(2);
  expect(exitCodeOf([])).toBe(2);
  expect(verdict([same, notSeen])).toBe("drift: none found, 1 could not be seen");
});

test("a stack that drifted is named with what differs and how to mend it", () => {
  const [head, what, mend] = linesOf(drifted);
  expect(head).toBe("DRIFT    pilot-north-data");
  expect(what).toContain("update aws_db_instance.main (tags)");
  expect(mend).toContain("mend: deploy.");
});

test("an environment that does not exist is exit 2 and one clear line", async () => {
  const args = [join(import.meta.dirname, "../drift.ts"), "moon"];
  const failed = await promisify(execFile)(process.execPath, args).catch((error: { code: number; stderr: string }) => error);
  expect(failed).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^npm run drift: there is no environment "moon"; .+\n$/),
  });
});
