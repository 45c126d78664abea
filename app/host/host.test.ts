import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { addEvent, type Batch, groupOf } from "./journal.ts";
import { nginxConfig } from "./nginx.ts";
import { whyNoCertificate } from "./server/certificate.ts";
import { hostSettings, readEnvironment } from "./settings.ts";

const files = path.join(import.meta.dirname, "files");
const units = path.join(files, "units");
const serverFiles = path.join(files, "server");
const has = (program: string) => spawnSync("which", [program]).status === 0;

/** Systemd's own judgement of a unit, from 0 (closed) to 10. */
function exposure(file: string): number {
  const { stdout } = spawnSync("systemd-analyze", ["security", "--offline=true", "--no-pager", file], { encoding: "utf8" });
  return Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1]);
}

test.skipIf(!has("systemd-analyze"))("programs that the network reaches are closed to 2.0 or better; an open one would be seen", () => {
  const reached = ["campus-pay-api@.service", "campus-pay-nginx.service", ...globSync("campus-pay-worker*.service", { cwd: units })];
  for (const unit of reached) expect(exposure(path.join(units, unit)), unit).toBeLessThanOrEqual(2);
  const folder = mkdtempSync(path.join(tmpdir(), "campus-units-"));
  const open = path.join(folder, "open.service");
  writeFileSync(
    open,
    readFileSync(path.join(units, "campus-pay-nginx.service"), "utf8").replace(
      /^(DynamicUser|CapabilityBoundingSet|SystemCallFilter)=.*$/gm,
      "",
    ),
  );
  expect(exposure(open)).toBeGreaterThan(2);
  rmSync(folder, { recursive: true });
});

test.skipIf(!has("systemd-analyze"))("so are they on one server, with what a server adds to them", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-units-"));
  const added = globSync("*.service.d", { cwd: serverFiles }).map((name) => name.replace(/\.d$/, ""));
  expect(added).toHaveLength(4);
  for (const unit of added) {
    const whole = path.join(folder, unit);
    const texts = [path.join(units, unit), path.join(serverFiles, `${unit}.d/server.conf`)].map((file) => readFileSync(file, "utf8"));
    writeFileSync(whole, texts.join("\n"));
    expect(exposure(whole), unit).toBeLessThanOrEqual(2);
  }
  rmSync(folder, { recursive: true });
});

test.skipIf(!has("shellcheck"))("the shell programs of a machine are clean", () => {
  const programs = globSync("*", { cwd: files, withFileTypes: true }).filter((entry) => entry.isFile());
  const { stdout, status } = spawnSync(
    "shellcheck",
    programs.map(({ name }) => path.join(files, name)),
    { encoding: "utf8" },
  );
  expect([status, stdout]).toEqual([0, ""]);
});

test("no unit forbids memory that is written and run: Node would die of it at once", () => {
  for (const unit of globSync("*.service", { cwd: units }))
    expect(readFileSync(path.join(units, unit), "utf8")).not.toContain("MemoryDenyWriteExecute=yes");
});

test("the shipper of logs sees what journalctl reads: the boot's id stands in /proc/sys", () => {
  expect(readFileSync(path.join(units, "campus-pay-logs.service"), "utf8")).not.toMatch(/^ProcSubset=/m);
});

test("a call of AWS that fails once does not leave a launch hook open: who completes it is started again", () => {
  const unit = readFileSync(path.join(units, "campus-pay-in-service.service"), "utf8");
  expect(unit).toMatch(/^StartLimitIntervalSec=0$/m);
  expect(unit).toMatch(/^Restart=on-failure$/m);
});

test("processes start when the machine has asked who may write, and read what it learned over what user data said", () => {
  const text = (unit: string) => readFileSync(path.join(units, unit), "utf8");
  expect(text("campus-pay-epoch.service")).toMatch(/^ExecStartPre=.*\/host\/epoch\.mjs --once$/m);
  for (const unit of ["campus-pay-api@.service", "campus-pay-worker.service", "campus-pay-worker-long.service"]) {
    expect(text(unit), unit).toMatch(/^After=.*campus-pay-epoch\.service/m);
    expect(text(unit), unit).toMatch(/^EnvironmentFile=\/etc\/campus-pay\/environment\nEnvironmentFile=-\/etc\/campus-pay\/epoch$/m);
  }
});

test("only requests that the app knows again are sent twice", () => {
  const config = nginxConfig({ apiProcesses: 2, port: 8443, credentials: "/tls", drainSeconds: 35 });
  const [, pattern = ""] = /location ~ (\S+) \{ proxy_next_upstream error timeout non_idempotent/.exec(config) ?? [];
  const keyed = new RegExp(pattern);
  expect(["/api/v1/charges/1/confirm", "/api/v1/charges/1/decline", "/api/v1/pos/scans"].every((path) => keyed.test(path))).toBe(true);
  expect(["/api/v1/auth/request-otp", "/api/v1/orders", "/api/v1/charges/1/confirm/x"].some((path) => keyed.test(path))).toBe(false);
  expect(config.match(/server 127\.0\.0\.1:\d+ max_fails=0/g)).toHaveLength(2);
});

test("a line goes to its program's group, and of the rest of the machine only what warns", () => {
  const entry = (SYSLOG_IDENTIFIER: string, PRIORITY = "6") =>
    groupOf({ __CURSOR: "", __REALTIME_TIMESTAMP: "0", SYSLOG_IDENTIFIER, PRIORITY });
  expect(["campus-pay-api", "campus-pay-worker-money", "campus_pay_nginx", "campus-pay"].map((name) => entry(name))).toEqual([
    "api",
    "worker",
    "nginx",
    "system",
  ]);
  expect([entry("sshd"), entry("kernel", "3")]).toEqual([undefined, "system"]);
});

test("a batch stays within what CloudWatch takes at once", () => {
  const batches: Batch[] = [];
  for (let index = 0; index < 12_000; index += 1) addEvent(batches, "api", { timestamp: index, message: "x".repeat(150) });
  addEvent(batches, "api", { timestamp: 1, message: "é".repeat(600_000) });
  expect(batches.every(({ bytes, events }) => bytes <= 1_048_576 && events.length <= 10_000)).toBe(true);
  expect(batches.flatMap(({ events }) => events)).toHaveLength(12_001);
});

test("a machine without a number of processes is refused with the name of what is missing", () => {
  expect(() => hostSettings(readEnvironment("CAMPUS_VERSION=x\nPUBLIC_URL=https://a=b\n"))).toThrow(/API_PROCESSES/);
  expect(readEnvironment("PUBLIC_URL=https://a=b\n").PUBLIC_URL).toBe("https://a=b");
});

test("where Let's Encrypt gives no certificate, what it or the network said is told, and not where to ask for help", () => {
  const refused = [
    "Saving debug log to /var/log/letsencrypt/letsencrypt.log",
    "Requesting a certificate for pay.campus.example",
    "",
    "Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:",
    "  Domain: pay.campus.example",
    "  Type:   connection",
    "  Detail: 192.0.2.7: Fetching http://pay.campus.example/.well-known/acme-challenge/x: Timeout during connect",
    "",
    "Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.",
    "",
    "Some challenges have failed.",
    "Ask for help or search for solutions at https://community.letsencrypt.org. See the logfile /var/log/letsencrypt/letsencrypt.log or re-run Certbot with -v for more details.",
  ].join("\n");
  expect(whyNoCertificate(refused)).toBe(
    "Domain: pay.campus.example Type:   connection Detail: 192.0.2.7: Fetching http://pay.campus.example/.well-known/acme-challenge/x: Timeout during connect",
  );
  expect(
    whyNoCertificate("An unexpected error occurred:\nrequests.exceptions.SSLError: certificate verify failed\nAsk for help or search"),
  ).toBe("An unexpected error occurred: requests.exceptions.SSLError: certificate verify failed");
});
