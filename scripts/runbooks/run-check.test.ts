import { expect, test } from "vitest";
import type { Block } from "./blocks.ts";
import { runCheck } from "./run-check.ts";

const check = (command: string, expected: string): Block => ({
  kind: "check",
  place: "here",
  section: "Verify",
  command,
  expected,
  otherwise: "",
});
const options = { cwd: process.cwd(), env: process.env };

test("the output decides, not the exit code", async () => {
  expect(await runCheck(check("echo 401", "^200$"), options)).toMatchObject({ ok: false });
  expect(await runCheck(check("echo 0; exit 1", "^0$"), options)).toMatchObject({ ok: true });
  expect(await runCheck(check("echo 'ERROR: no column \"kind\"'", "kind"), options)).toMatchObject({ ok: false });
  expect((await runCheck(check("no-such-command", "^200$"), options)).why).toContain("command not found");
});
