import { afterAll, beforeAll, expect, test } from "vitest";
import { embeddedLineBytes, linesAMinute, paymentLogBytes } from "../../dashboards/log-bytes.ts";
import { refreshGauges } from "../health/routes.ts";
import { overheadBytes } from "../host/journal.ts";
import { nginxConfig } from "../host/nginx.ts";
import { writeEmbeddedMetrics } from "../platform/embedded-metrics.ts";
import { refreshOutboxGauges } from "../platform/outbox.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import { times } from "../testing/proof/books.ts";

interface Line {
  readonly bytes: number;
  readonly msg: string;
  readonly process: string;
  readonly route?: string;
  readonly request_id?: string;
  readonly status?: number;
  readonly ms?: number;
}

const payments = 200;
const atOnce = 4;
/** The cost page is to plan with: what is measured may be a fifth more than it says, and not less than six tenths. */
const [least, most] = [0.6, 1.2];

let campus: Campus;
let till: Till;
let students: readonly MoneyStudent[];

beforeAll(async () => {
  // The lines of the minute are written when the test ends it.
  campus = await startCampus({ env: { METRICS_EMF_SECONDS: "3600", DATABASE_CONNECT_TIMEOUT_MS: "30000" } });
  const money = moneyOf(campus);
  till = await money.till();
  students = await Promise.all(times(atOnce, () => money.fundedStudent({ balanceMinor: 100_000 })));
});
afterAll(() => campus.end());

const linesSince = (mark: number): readonly Line[] =>
  campus.logLines.slice(mark).map((line) => ({ ...JSON.parse(line), bytes: Buffer.byteLength(line) + overheadBytes }));

/** Order, scan, two looks of the phone, confirm, on both processes in turn. */
async function pay(student: MoneyStudent, place: number): Promise<void> {
  const charge = await student.scannedOrder({ till, totalMinor: 100 });
  expectOk(await student.api("GET", "/charges/open"));
  expectOk(await student.confirm(charge, { process: place % 2 === 0 ? 0 : 1 }));
}

const idText = "019aa000-0000-7000-8000-000000000000";
const accessFormat = (): string => {
  const config = nginxConfig({ apiProcesses: 2, port: 443, credentials: "/", drainSeconds: 30 });
  const format = /log_format json escape=json ([\s\S]*?);\n/.exec(config)?.[1];
  if (format === undefined) throw new Error("nginx's log has no format of its name any more.");
  return format.replaceAll(/'\n\s*'/g, "").slice(1, -1);
};

/** The line that nginx writes of the same request: what the journal carries to CloudWatch beside the app's own. */
function accessLineBytes({ route = "", request_id = "", status, ms = 0 }: Line): number {
  const [method = "", path = ""] = route.split(" ");
  const values: Readonly<Record<string, string>> = {
    time_iso8601: "2026-11-30T12:00:00+00:00",
    sent_http_x_request_id: request_id,
    request_method: method,
    uri: path.replaceAll(/:\w+/g, idText),
    status: String(status),
    body_bytes_sent: "1200",
    request_time: (ms / 1000).toFixed(3),
    upstream_addr: "127.0.0.1:8081",
    upstream_status: String(status),
  };
  const line = accessFormat().replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`nginx's log says $${name}, and nobody says here how long that is.`);
    return value;
  });
  return Buffer.byteLength(line) + overheadBytes;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0);

test("two hundred payments and their minute write as much into the log as the cost page says", { timeout: 120_000 }, async () => {
  const processes = [...campus.processes.map(({ platform }) => platform), campus.worker];
  const stops = processes.map((platform) =>
    writeEmbeddedMetrics(platform, platform === campus.worker ? () => refreshOutboxGauges(platform) : () => refreshGauges(platform)),
  );
  const beganAt = campus.logLines.length;
  await Promise.all(
    students.map(async (student, place) => {
      for (let turn = 0; turn < payments / atOnce; turn += 1) await pay(student, place + turn);
    }),
  );
  await campus.drainOutbox();
  const written = linesSince(beganAt);
  const requests = written.filter(({ msg }) => msg === "request");
  expect(requests).toHaveLength(5 * payments);
  const perPayment = (sum(written.map(({ bytes }) => bytes)) + sum(requests.map(accessLineBytes))) / payments;

  const minuteAt = campus.logLines.length;
  for (const stop of stops) await stop();
  const metrics = linesSince(minuteAt).filter(({ msg }) => msg === "metrics");
  const perLine = sum(metrics.map(({ bytes }) => bytes)) / metrics.length;
  const perProcess = metrics.length / processes.length;
  const within = (name: string, stated: number, measured: number) =>
    expect(stated / measured, `dashboards/log-bytes.ts says ${stated} for ${name}, measured: ${measured.toFixed(0)}`).toSatisfy(
      (share: number) => share >= 1 / most && share <= 1 / least,
    );
  within("paymentLogBytes", paymentLogBytes, perPayment);
  within("embeddedLineBytes", embeddedLineBytes, perLine);
  within("linesAMinute", linesAMinute, perProcess);
});
