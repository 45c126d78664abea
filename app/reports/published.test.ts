import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { installPython } from "../local/analytics-python.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf } from "../testing/gateway.ts";
import { expectOk, moneyOf } from "../testing/money.ts";
import { refused } from "../testing/refusal.ts";
import { type S3World, startS3World } from "../testing/s3-world.ts";
import { type SimulatedCafe, simulateDays } from "../testing/simulated-days.ts";

/** Undefined, with the reason printed, where there is no Python for the job. */
const python = jobPython();

const objects = mkdtempSync(path.join(tmpdir(), "campus-published-"));
const [from, to] = ["2026-10-05", "2026-11-03"];
let campus: Campus;
let cafe: SimulatedCafe;
/** As on AWS the job writes into a bucket and the API reads from it; where the stand-in does not start, a folder. */
let world: S3World | undefined;

function jobPython(): string | undefined {
  try {
    return installPython((line) => console.log(line), "test");
  } catch (error) {
    console.warn(`SKIP the published tables beside the ledger's reports: ${(error as Error).message}`);
    return undefined;
  }
}

async function publish(python: string): Promise<void> {
  world = await startS3World();
  const bucket = world ? { ...world.env, ANALYTICS_BUCKET: world.env.MENU_IMAGES_BUCKET } : {};
  campus = await startCampus({ env: { GATEWAY_TIMEOUT_MS: "2000", OBJECT_FOLDER: objects, ...bucket } });
  await gatewayOf(campus).connect();
  const timeZone = "Europe/Stockholm";
  cafe = await simulateDays(campus, moneyOf(campus), {
    timeZone,
    from,
    days: 30,
    edges: ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"],
    seed: 5,
  });
  const password = randomBytes(12).toString("hex");
  await campus.database.query(`alter role campus_reports password '${password}'`);
  const { status, stderr } = spawnSync(
    python,
    [
      path.join(import.meta.dirname, "../analytics/main.py"),
      "--engine",
      "duckdb",
      "--lake",
      world ? `s3://${world.env.MENU_IMAGES_BUCKET}/lake` : path.join(objects, "lake"),
      "--from",
      from,
      "--day",
      to,
    ],
    {
      encoding: "utf8",
      env: {
        ...process.env,
        PYTHONDONTWRITEBYTECODE: "1",
        ANALYTICS_DATABASE_URL: campus.database.appUrl.replace("campus_app", "campus_reports"),
        ANALYTICS_DATABASE_PASSWORD: password,
        ANALYTICS_PSEUDONYM_KEY: randomBytes(32).toString("hex"),
        ...(world && { ANALYTICS_S3_ENDPOINT: world.env.S3_URL, AWS_DEFAULT_REGION: world.env.AWS_REGION }),
      },
    },
  );
  if (status !== 0) throw new Error(stderr);
}

describe.skipIf(!python)("published tables", () => {
  beforeAll(() => publish(python ?? ""), 300_000);
  afterAll(async () => {
    await campus.end();
    world?.stop();
    rmSync(objects, { recursive: true, force: true });
  });

  test("the heat map and the days are those of the ledger's reports, and say of when they are", async () => {
    const range = `from=${from}&to=${to}`;
    // biome-ignore lint/suspicious/noExplicitAny: held against each other below.
    const ask = async (name: string) => expectOk(await cafe.owner.api<any>("GET", `/admin/${name}?${range}`));
    const [peaks, ledgerPeaks] = [await ask("analytics/peaks"), await ask("reports/peak-hours")];
    expect(peaks.hours).toEqual(ledgerPeaks.hours);
    expect(peaks).toMatchObject({ published_to: to, as_of: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) });
    const [sales, ledgerSales] = [await ask("analytics/sales"), await ask("reports/daily-sales")];
    const fields = ["day", "sales_count", "gross_minor", "refunds_minor", "disputes_minor", "net_minor"] as const;
    const picked = (days: readonly Record<string, unknown>[]) => days.map((each) => fields.map((field) => each[field]));
    expect(picked(sales.days)).toEqual(picked(ledgerSales.days));
    expect(sales.days[7].week_before_net_minor).toBe(sales.days[0].net_minor);
    expect(sales.days[0].week_before_net_minor).toBeNull();
  });

  test("a café that is too young for a forecast is told so and gets no list", async () => {
    // biome-ignore lint/suspicious/noExplicitAny: one field is looked at.
    const list = expectOk(await cafe.owner.api<any>("GET", "/admin/analytics/prep-list"));
    expect(list).toMatchObject({ is_shown: false, hidden_because: "too_young", lines: [] });
  });

  test("each is a table as CSV too, with the currency and the moment in each line", async () => {
    for (const name of ["peaks", "sales", "retention"]) {
      const range = name === "retention" ? "" : `from=${from}&to=${to}&`;
      const { text } = await cafe.owner.api("GET", `/admin/analytics/${name}?${range}format=csv`);
      const [head, ...lines] = text.trim().split("\r\n");
      expect(head).toMatch(/,currency,as_of$/);
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(line).toMatch(/,[A-Z]{3},\d{4}-\d\d-\d\dT[\d:]+Z$/);
    }
  });
});

test("before the first night there is nothing to show, and nobody else's staff may ask", async () => {
  const young = await startCampus({ env: { OBJECT_FOLDER: path.join(objects, "nothing published") } });
  onTestFinished(() => young.end());
  const owner = await young.staff("owner", await young.cafe());
  expect(await owner.api("GET", "/admin/analytics/prep-list")).toMatchObject(refused(404, "NOT_FOUND"));
  const cashier = await young.staff("cashier", await young.cafe());
  expect(await cashier.api("GET", "/admin/analytics/prep-list")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
});
