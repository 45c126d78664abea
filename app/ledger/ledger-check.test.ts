import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type MoneyStudent, moneyOf } from "../testing/money.ts";
import { invariants, notCovered } from "./invariants.ts";

let campus: Campus;
let student: MoneyStudent;

beforeAll(async () => {
  campus = await startCampus();
  const money = moneyOf(campus);
  student = await money.fundedStudent({ balanceMinor: 10_000 });
  expectOk(await student.confirm(await student.scannedOrder({ till: await money.till(), totalMinor: 1_500 })));
});
afterAll(() => campus.end());

interface CheckBody {
  readonly ok: boolean;
  readonly invariants: readonly {
    readonly id: string;
    readonly ok: boolean;
    readonly violations: number;
    readonly sample: readonly unknown[];
  }[];
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runCommand(env: Readonly<Record<string, string>>): Promise<Ran> {
  const script = new URL("../../scripts/ledger-check.ts", import.meta.url).pathname;
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { env: { PATH: process.env.PATH, ...env } });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ran;
    return { code, stdout, stderr };
  }
}

const breakWallets = () => campus.sql`update wallets set balance_minor = balance_minor + 1 where student_id = ${student.id}`;
const mendWallets = () => campus.sql`update wallets set balance_minor = balance_minor - 1 where student_id = ${student.id}`;

describe("GET /admin/ledger/check", () => {
  test("answers the contract's shape, asks every state invariant and says what it leaves out", async () => {
    const answer = await (await campus.staff("finance")).api("GET", "/admin/ledger/check");
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      ok: true,
      checked_at: expect.stringMatching(/^\d{4}-.*Z$/),
      snapshot: expect.stringMatching(/^\d+:\d+:/),
      invariants: invariants.map(({ id }) => ({ id, ok: true, violations: 0, sample: [] })),
      not_covered: [...notCovered],
    });
  });

  test("answers 200 also when the books are broken, and shows what it found", async () => {
    await breakWallets();
    const answer = await (await campus.staff("admin")).api<CheckBody>("GET", "/admin/ledger/check");
    await mendWallets();
    expect(answer).toMatchObject({ status: 200, body: { ok: false } });
    expect(answer.body.invariants.filter(({ ok }) => !ok)).toEqual([
      {
        id: "I2",
        ok: false,
        violations: 1,
        sample: [expect.objectContaining({ student_id: student.id, balance_minor: 8_501, entries_minor: 8_500 })],
      },
      { id: "I3", ok: false, violations: 1, sample: [expect.objectContaining({ currency: "SEK", kept_minor: 1 })] },
    ]);
  });

  test("counts all violations and shows twenty", async () => {
    await campus.sql`
      insert into events (channels, event, data)
      select '{}', 'charge_ended', jsonb_build_object('charge_id', md5(n::text)::uuid, 'state', 'expired') from generate_series(1, 30) n, generate_series(1, 2)`;
    const answer = await (await campus.staff("admin")).api<CheckBody>("GET", "/admin/ledger/check");
    await campus.sql`delete from events where channels = '{}'`;
    const found = answer.body.invariants.find(({ id }) => id === "I8");
    expect(found).toMatchObject({ ok: false, violations: 30 });
    expect(found?.sample).toHaveLength(20);
  });

  test("is for finance and admin alone", async () => {
    const cafe = await campus.cafe();
    for (const role of ["owner", "cashier", "kitchen", "delivery"] as const)
      expect((await (await campus.staff(role, cafe)).api("GET", "/admin/ledger/check")).status).toBe(403);
    expect((await student.api("GET", "/admin/ledger/check")).status).toBe(403);
    expect((await campus.api("GET", "/admin/ledger/check")).status).toBe(401);
  });
});

describe("npm run ledger:check", () => {
  test("prints every invariant and ends with 0 on sound books, as the application's role", async () => {
    const ran = await runCommand(campus.database.env);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    for (const { id, title } of invariants) expect(ran.stdout).toContain(`${id.padEnd(5)}ok  ${title}`);
    expect(ran.stdout).toContain("The books are sound.");
  });

  test("finds the database of the started system by itself", async () => {
    const home = await mkdtemp(path.join(tmpdir(), "campus-home-"));
    const services = { database_url: campus.database.env.DATABASE_URL, database_password: campus.database.env.DATABASE_PASSWORD };
    await writeFile(path.join(home, "services.json"), JSON.stringify(services));
    const ran = await runCommand({ CAMPUS_HOME: home });
    await rm(home, { recursive: true });
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining("The books are sound.") });
  });

  test("names what is broken and ends with 1", async () => {
    await breakWallets();
    const ran = await runCommand(campus.database.env);
    await mendWallets();
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain("BROKEN: I2, I3.");
    expect(ran.stdout).toContain(student.id);
  });

  test("ends with 2 and one line where there is no database to ask", async () => {
    const ran = await runCommand({ DATABASE_URL: "postgres://campus_app@127.0.0.1:1/campus" });
    expect(ran).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/^The ledger of \S+ could not be asked: .*\n$/) });
    const nowhere = await runCommand({ CAMPUS_HOME: "/nonexistent/campus" });
    expect(nowhere).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/^Campus Pay does not run here: .*\n$/) });
  });
});
