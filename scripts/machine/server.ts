// Runs inside namespaces of its own, started by scripts/server-try.ts.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Demo } from "../../app/local/demo/demo.ts";
import { projectRoot } from "../../app/local/home.ts";
import type { LocalSecrets } from "../../app/local/secrets.ts";
import { ledgerIsWhole } from "../rehearse/live/accountant.ts";
import { logIn, pay, type Receipt, Site, type Student } from "../rehearse/live/campus.ts";
import { fillingOfWallets } from "../rehearse/live/payers.ts";
import { say, step as tell, until } from "../rehearse/live/telling.ts";
import { appEnvironment } from "../start/environment.ts";
import { makeCertificates } from "./certificates.ts";
import { Machine } from "./machine.ts";
import { changedRelease, changeText } from "./server-releases.ts";
import { address, bridge, bucketKeys, domain, gateway, type Outside, startAuthority, startOutside } from "./server-world.ts";

interface Given {
  readonly base: string;
  readonly folder: string;
  readonly artifact: { readonly file: string; readonly sha256: string };
  readonly acmeServer?: string;
}

const given = JSON.parse(process.argv[2] ?? "") as Given;
const step = (what: string, work: () => Promise<string>) => tell(what, work, (seen) => seen);

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** The server, who asks it, and what its people know. */
class Trial {
  readonly machine: Machine;
  readonly outside: Outside;
  readonly site: Site;
  demo!: Demo;
  student!: Student;
  readonly logFile = path.join(given.folder, "log");

  constructor(machine: Machine, outside: Outside, authority: string) {
    this.machine = machine;
    this.outside = outside;
    this.site = new Site(domain, authority, address);
  }

  /** Runs a program on the server as root; what it said is shown when it ends otherwise than expected. */
  async on(words: readonly string[], expected = 0): Promise<string> {
    const { code, output } = await this.machine.runLong(words, (line) => appendFileSync(this.logFile, `${line}\n`));
    must(code === expected, `${words.join(" ")} ended with ${code}, not ${expected}:\n${output.split("\n").slice(-30).join("\n")}`);
    return output;
  }

  host = (program: string, words: readonly string[] = [], expected = 0) =>
    this.on([`/opt/campus-pay/current/host/${program}`, ...words], expected);

  async version(): Promise<string> {
    return (JSON.parse((await this.site.ask("GET", "/health")).body) as { version: string }).version;
  }

  pays = (): Promise<Receipt> => pay(this.site, this.demo, this.student);

  /** As the superuser of PostgreSQL, for what no program of ours would do. */
  sql = (statement: string) =>
    this.on(["runuser", "-u", "postgres", "--", "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", "campus", "-c", statement]);

  read = (file: string): string => readFileSync(path.join(this.machine.root, file), "utf8");
}

const optionsOf = ({ outside }: Trial): readonly string[] => [
  ...["--domain", domain, "--admins", "anna.berg,bo.ek", "--settings", "/root/settings", "--keep", "2"],
  ...["--certificate", "/root/server.pem", "--key", "/root/server.key"],
  ...["--bucket", "s3://backups/one", "--bucket-url", outside.storeUrl, "--tell", outside.tellUrl],
];

/** Every character that a file of systemd could misread. */
const oddToken = "to'k\"e\\n$HOME `id` %n";

const withKeys = (words: readonly string[]) => ["env", ...Object.entries(bucketKeys).map(([name, value]) => `${name}=${value}`), ...words];

const home = `/opt/campus-pay/${given.artifact.sha256}`;

/** As the guide says: the archive below its digest. */
const unpacks = (trial: Trial) => {
  const archive = `${given.artifact.sha256}.tar.gz`;
  const check = `echo "${given.artifact.sha256}  ${archive}" | sha256sum --check --quiet`;
  return trial.on(["sh", "-c", `cd /root && ${check} && mkdir -p ${home} && tar -xzf ${archive} -C ${home} --no-same-owner`]);
};

async function installs(trial: Trial): Promise<string> {
  const { file, sha256 } = given.artifact;
  cpSync(file, path.join(trial.machine.root, "root", `${sha256}.tar.gz`));
  await unpacks(trial);
  const install = [`${home}/host/install`, ...optionsOf(trial)];
  await step("host/install --dry-run", async () => {
    const said = await trial.on([...install, "--dry-run"]);
    must(/would: Packages: postgresql-18, redis-server/.test(said), `it said ${said}`);
    must(!existsSync(path.join(trial.machine.root, "etc/campus-pay")), "it made /etc/campus-pay");
    return "says eight steps and more, changes nothing";
  });
  await step("host/install that cannot end well", async () => {
    await trial.on([`${home}/host/install`], 2);
    const said = await trial
      .on([`${home}/host/install`, "--domain", "other.example.org", "--certificate", "/root/server.pem", "--key", "/root/server.key"], 1)
      .catch((error: Error) => error.message);
    must(/is for .*and not for other\.example\.org/.test(said), `it said ${said}`);
    must(!existsSync(path.join(trial.machine.root, "etc/postgresql")), "packages were installed all the same");
    return "no domain, a certificate for another name: one line each, before anything is touched";
  });
  let said = "";
  await step("host/install on a bare Debian", async () => {
    said = await trial.on(withKeys(install));
    must(/Pushes are off/.test(said) && /payment gateway is off/.test(said), `what is off is not said: ${said}`);
    return `https://${domain} serves`;
  });
  return said;
}

async function servesFiles({ site, outside }: Trial): Promise<void> {
  await step("the web apps over HTTPS", async () => {
    const page = await site.ask("GET", "/wallet");
    must(page.status === 200 && page.body.includes("<!doctype html>"), `/wallet was answered ${page.status}`);
    const script = /(?:src|href)="(\/assets\/[^"]+)"/.exec(page.body)?.[1] ?? "";
    for (const [place, status] of [
      [script, 200],
      ["/cafe/", 200],
      ["/pos/till", 200],
      ["/guide/", 200],
      ["/assets/none.js", 404],
      ["/metrics", 404],
      ["/openapi.json", 200],
    ] as const)
      must((await site.ask("GET", place)).status === status, `${place} was not answered ${status}`);
    const plain = await new Promise<string>((resolve, reject) =>
      get({ host: address, path: "/cafe/", headers: { host: domain } }, (answer) =>
        resolve(`${answer.statusCode} ${answer.headers.location}`),
      ).on("error", reject),
    );
    must(plain === `308 https://${domain}/cafe/`, `port 80 says ${plain}`);
    must(outside.bucket.size === 1, "the first backup is not in the bucket");
    return "pages, scripts, the API; port 80 leads to HTTPS; what is none is 404";
  });
}

async function firstLogIn({ site }: Trial, said: string): Promise<void> {
  await step("the first admin's log-in as it was printed", async () => {
    const [, username, password] = /^ +(anna\.berg) +(\S+)$/m.exec(said) ?? [];
    const login = await site.ask("POST", "/api/v1/admin/auth/login", undefined, { username, password });
    must(login.status === 409, `the one-time password was answered ${login.status}: ${login.body}`);
    const chosen = "wobbling-otter-79-lamp";
    const changed = await site.ask("POST", "/api/v1/admin/auth/password", undefined, { username, password, new_password: chosen });
    must(changed.status === 204, `the new password was answered ${changed.status}: ${changed.body}`);
    const next = await site.ask("POST", "/api/v1/admin/auth/login", undefined, { username, password: chosen });
    must(next.body.includes("SECOND_FACTOR_REQUIRED") && next.body.includes('"must_enrol":true'), `the log-in was answered ${next.body}`);
    return "an own password is asked for and chosen; then a second factor is asked for";
  });
}

/** The demo campus from outside, with the secrets of the server: production itself refuses to make one. */
async function seed({ machine, read }: Trial): Promise<Demo> {
  const secrets = JSON.parse(read("etc/campus-pay/secrets.json")) as LocalSecrets;
  const services = {
    databaseUrl: "postgres://campus_app@127.0.0.1:5432/campus",
    databasePassword: secrets.appPassword,
    redisUrl: "redis://127.0.0.1:6379",
    redisPassword: secrets.redisPassword,
  };
  const places = { baseUrl: `https://${domain}`, sandboxUrl: "http://127.0.0.1:9", objectFolder: path.join(given.folder, "objects") };
  const env = appEnvironment(secrets, services as unknown as Parameters<typeof appEnvironment>[1], places);
  const words = ["-t", machine.leader(), "-n", process.execPath, path.join(projectRoot, "app/local/demo/seed.ts")];
  return new Promise((resolve, reject) => {
    const child = spawn("nsenter", words, { env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let complaint = "";
    child.stdout.on("data", (part) => {
      out += part;
    });
    child.stderr.on("data", (part) => {
      complaint += part;
    });
    child.on("close", (code) =>
      code === 0
        ? resolve(JSON.parse(out.trim().split("\n").at(-1) ?? "") as Demo)
        : reject(new Error(`the demo campus was not made: ${complaint.slice(-500)}`)),
    );
  });
}

async function sells(trial: Trial): Promise<void> {
  await step("a secret reaches the processes as it was given", async () => {
    const pid = (await trial.on(["systemctl", "show", "--property=MainPID", "--value", "campus-pay-worker.service"])).trim();
    const environment = trial.machine.run("cat", `/proc/${pid}/environ`).output.split("\0");
    must(environment.includes(`SMS_PROVIDER_TOKEN=${oddToken}`), "systemd read another one");
    const seen = await trial.on([
      "stat",
      "-c",
      "%a %U %n",
      "/etc/campus-pay/secrets",
      "/etc/campus-pay/secrets.json",
      "/etc/campus-pay/server.json",
    ]);
    must(seen.split("\n").filter((line) => line.startsWith("600 root ")).length === 3, `root alone should read ${seen}`);
    return "quotes, backslashes and dollars too; root alone may read the files";
  });
  await step("a student logs in by SMS, orders, confirms and pays", async () => {
    trial.demo = await seed(trial);
    await trial.sql(fillingOfWallets());
    const codes = new Map<string, string>();
    const look = setInterval(async () => {
      const { items } = (await (await fetch(`${trial.outside.sandbox.url}/sandbox/messages?channel=sms`)).json()) as {
        items: { to: string; text: string }[];
      };
      for (const { to, text } of items) codes.set(to, /\d{6}/.exec(text)?.[0] ?? "");
    }, 200);
    try {
      trial.student = await logIn(trial.site, trial.demo, (phone) => codes.get(phone), 0);
    } finally {
      clearInterval(look);
    }
    const { receipt_id, balance_minor_after } = await trial.pays();
    return `receipt ${receipt_id}, ${(balance_minor_after / 100).toFixed(2)} left`;
  });
}

async function survives(trial: Trial): Promise<void> {
  await step("kill -9 of an API process while somebody pays", async () => {
    const receipts = new Set<string>();
    for (let index = 0; index < 8; index += 1) {
      if (index % 3 === 1) void trial.on(["systemctl", "kill", "--signal=SIGKILL", `campus-pay-api@${1 + (index % 2)}.service`]);
      receipts.add((await trial.pays()).receipt_id);
    }
    return `${receipts.size} payments, ${receipts.size} receipts; sent again: ${[...trial.site.repeats].map(([what, times]) => `${times} × ${what}`).join(", ") || "nothing"}`;
  });
  await step("the machine is switched off and on", async () => {
    await trial.machine.powerOff();
    trial.machine.powerOn();
    await until("/ready", 300_000, async () => (await trial.site.ask("GET", "/ready")).status === 200);
    await trial.pays();
    return "serves and sells without a hand";
  });
}

async function backsUp(trial: Trial): Promise<void> {
  await step("host/backup", async () => {
    const said = await trial.host("backup");
    const { ok, line } = JSON.parse(trial.read("var/lib/campus-pay/backup.json")) as { ok: boolean; line: string };
    must(ok && /the books are sound; read back from s3:/.test(line), `it said ${said}`);
    return line.replace(/^\S+/, "it");
  });
  await step("planted fault, a balance that the ledger does not know", async () => {
    const change = (by: string) =>
      trial.sql(
        `update wallets set balance_minor = balance_minor ${by} where student_id = (select min(student_id::text)::uuid from wallets)`,
      );
    await change("+ 1");
    const before = trial.outside.bucket.size;
    const said = await trial.host("backup", [], 1);
    await change("- 1");
    must(/THE BACKUP FAILED and does not count: the restored books are BROKEN: I\d+/.test(said), `it said ${said}`);
    must(
      trial.outside.told.some((line) => line.includes("BROKEN")),
      "nobody was told",
    );
    must(trial.outside.bucket.size === before, "it went into the bucket all the same");
    return /BROKEN: [^.]*/.exec(said)?.[0] ?? "";
  });
  await step("planted fault, a bucket that does not take it", async () => {
    const { storeUrl } = trial.outside;
    const file = path.join(trial.machine.root, "etc/campus-pay/server.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(storeUrl, `${storeUrl.replace("9000", "9009")}`));
    const said = await trial.host("backup", [], 1);
    writeFileSync(file, readFileSync(file, "utf8").replace("9009", "9000"));
    must(/Putting the backup into s3:\/\/backups\/one at .* failed/.test(said), `it said ${said}`);
    return "failed, with its address";
  });
  await step("the timer's unit, as the night runs it", async () => {
    await trial.on(["systemctl", "start", "campus-pay-backup.service"]);
    must(/campus-pay-backup\.timer/.test(await trial.on(["systemctl", "list-timers", "--no-pager"])), "there is no timer");
    const kept = globSync("campus-pay-*.tar", { cwd: path.join(trial.machine.root, "var/backups/campus-pay") });
    must(kept.length === 2, `${kept.length} backups are kept, not 2`);
    return `counts; ${kept.length} are kept, as --keep says`;
  });
}

async function restores(trial: Trial): Promise<void> {
  const wallet = async () => (await trial.site.must<{ balance_minor: number }>([200], "GET", "/wallet", trial.student.token)).balance_minor;
  await step("a payment after the backup, then host/restore of the one in the bucket", async () => {
    const atBackup = await wallet();
    await trial.pays();
    const name = path.basename([...trial.outside.bucket.keys()].at(-1) ?? "");
    await trial.on(["rm", "-f", `/var/backups/campus-pay/${name}`]);
    await trial.host("restore", [name], 1);
    await trial.host("restore", [name, "--replace"]);
    must((await wallet()) === atBackup, "the balance is not that of the backup");
    must(/^CAMPUS_EPOCH=2$/m.test(trial.read("etc/campus-pay/environment")), "the epoch was not raised");
    const { books } = JSON.parse((await trial.site.ask("GET", "/health")).body) as { books: string };
    must(books === "reconciling", `the books say ${books}`);
    await trial.pays();
    return "refused without --replace; the balance is the backup's, the books are reconciling, and the next lunch is sold";
  });
}

async function updates(trial: Trial): Promise<void> {
  const changed = changedRelease(given.folder, given.artifact.file, (stage) => {
    changeText(path.join(stage, "web/student/index.html"), "<title>", "<title>Update: ");
  });
  const broken = changedRelease(given.folder, given.artifact.file, (stage) => {
    writeFileSync(path.join(stage, "app/api.mjs"), 'throw new Error("a planted fault");\n');
  });
  for (const { file } of [changed, broken]) cpSync(file, path.join(trial.machine.root, "root", path.basename(file)));
  const title = async () => /<title>([^<]*)/.exec((await trial.site.ask("GET", "/")).body)?.[1] ?? "";
  await step("host/update to a build with a changed text, while somebody pays", async () => {
    let isDone = false;
    const updating = trial.host("update", [`/root/${path.basename(changed.file)}`]).finally(() => {
      isDone = true;
    });
    let payments = 0;
    while (!isDone) {
      await trial.pays();
      payments += 1;
      await pause(2_000);
    }
    await updating;
    must((await trial.version()) === changed.sha256, "another version serves");
    must((await title()).startsWith("Update: "), `the title is ${await title()}`);
    return `"${await title()}", ${payments} payments meanwhile`;
  });
  await step("planted fault, a release whose API does not start", async () => {
    const said = await trial.host("update", [`/root/${path.basename(broken.file)}`, "--no-backup"], 1);
    must(/Not changed: .*serves as before/.test(said), `it said ${said}`);
    must((await trial.version()) === changed.sha256, "another version serves");
    await trial.pays();
    return "gone back by itself";
  });
  await step("planted fault, an archive with other bytes than its name says", async () => {
    const said = await trial.on(
      [
        "sh",
        "-c",
        `cp /root/${path.basename(changed.file)} /root/${"0".repeat(64)}.tar.gz; /opt/campus-pay/current/host/update /root/${"0".repeat(64)}.tar.gz`,
      ],
      1,
    );
    must(/are not those that its name says/.test(said), `it said ${said}`);
    return "refused";
  });
  await step("host/rollback, host/rollback DIGEST", async () => {
    await trial.host("rollback");
    must((await trial.version()) === given.artifact.sha256 && !(await title()).startsWith("Update: "), "it is not what ran before");
    await trial.host("rollback", [changed.sha256]);
    must((await trial.version()) === changed.sha256, "it is not the one that was named");
    await trial.host("rollback");
    await trial.pays();
    return `"${await title()}" again`;
  });
}

async function installsAgain(trial: Trial): Promise<void> {
  await step("host/install a second time", async () => {
    const before = trial.read("etc/campus-pay/secrets.json");
    const said = await trial.host("install");
    must(trial.read("etc/campus-pay/secrets.json") === before, "the secrets are others");
    must(/has accounts already/.test(said), `it said ${said}`);
    await trial.pays();
    return "the same secrets, nobody is made, the next lunch is sold";
  });
}

/** certbot against an authority that asks for proof at port 80, and a renewal that nginx serves. */
async function fetchesCertificate(trial: Trial, directory: string): Promise<void> {
  const issuer = () =>
    trial.on([
      "sh",
      "-c",
      `openssl s_client -connect 127.0.0.1:443 -servername ${domain} </dev/null 2>/dev/null | openssl x509 -noout -issuer -serial`,
    ]);
  await step("certbot fetches a certificate, and renews it", async () => {
    const trusting = ["env", "REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt"];
    await trial.on([...trusting, "/opt/campus-pay/current/host/install", "--acme-server", directory, "--email", "it@campus.example"]);
    const first = await issuer();
    must(/Pebble/.test(first), `nginx shows ${first}`);
    await trial.on([...trusting, "certbot", "renew", "--force-renewal", "--no-random-sleep-on-renew"]);
    await until("the renewed certificate", 30_000, async () => (await issuer()) !== first);
    const second = await issuer();
    must(/Pebble/.test(second), `nginx shows ${second}`);
    return "nginx shows the first, and after a renewal the second, without a restart";
  });
}

async function leaves(trial: Trial): Promise<void> {
  await step("host/uninstall, and host/install again", async () => {
    const before = trial.read("etc/campus-pay/secrets.json");
    await trial.host("uninstall");
    must(
      await trial.site.ask("GET", "/health").then(
        () => false,
        () => true,
      ),
      "something still answers",
    );
    await unpacks(trial);
    await trial.on([`${home}/host/install`, "--certificate", "/root/server.pem", "--key", "/root/server.key"]);
    must(trial.read("etc/campus-pay/secrets.json") === before, "the secrets are others");
    await trial.pays();
    const finance = JSON.parse(await ledgerIsWhole(trial.site, trial.demo)) as { ok: boolean };
    must(finance.ok, "the books are broken");
    return "the data stayed; the next lunch is sold; finance's check of the books says ok";
  });
  await step("host/uninstall --delete-data", async () => {
    await trial.host("uninstall", ["--delete-data", "other.example.org"], 2);
    await trial.host("uninstall", ["--delete-data", domain]);
    for (const place of ["etc/campus-pay", "var/lib/campus-pay", "opt/campus-pay"])
      must(!existsSync(path.join(trial.machine.root, place)), `${place} is still there`);
    must(globSync("campus-pay-*.tar", { cwd: path.join(trial.machine.root, "var/backups/campus-pay") }).length > 0, "the backups are gone");
    return "not for another name; all but the backups is gone";
  });
}

/** The disk is gone: another machine, with the bucket and the copy of the secrets alone. */
async function beginsElsewhere(trial: Trial, secrets: string): Promise<void> {
  await step("a new machine: host/install --secrets, host/restore from the bucket", async () => {
    await trial.on(["sh", "-c", "rm -rf /var/backups/campus-pay && pg_dropcluster 18 main --stop && pg_createcluster 18 main --start"]);
    writeFileSync(path.join(trial.machine.root, "root/secrets.json"), secrets, { mode: 0o600 });
    await unpacks(trial);
    const name = path.basename([...trial.outside.bucket.keys()].at(-1) ?? "");
    await trial.on(withKeys([`${home}/host/install`, ...optionsOf(trial), "--secrets", "/root/secrets.json"]));
    const said = await trial.host("restore", [name, "--replace"]);
    const xids = await trial.sql(
      "select (select max(xid)::text from ledger_transactions)::bigint < pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
    );
    must(xids.trim() === "t", "the ledger's transactions are of PostgreSQL's future");
    const { receipt_id } = await trial.pays();
    must((JSON.parse(await ledgerIsWhole(trial.site, trial.demo)) as { ok: boolean }).ok, "the books are broken");
    return `${/\d+ transactions/.exec(said)?.[0]}, the session of the phone holds, receipt ${receipt_id}`;
  });
}

async function start(): Promise<Trial> {
  const outside = await startOutside();
  const certificates = makeCertificates(given.folder, [domain, "authority.campus.example"]);
  mkdirSync(path.join(given.folder, "machines"));
  const settings = [
    "SMS_PROVIDER=twilio",
    "SMS_ACCOUNT=AC1",
    "SMS_FROM=+46766000000",
    `SMS_PROVIDER_TOKEN=${oddToken}`,
    `SMS_URL=${outside.sandbox.url}/sandbox/sms/twilio`,
  ];
  const machine = await Machine.of({
    base: given.base,
    folder: path.join(given.folder, "machines"),
    name: `campus-one-${randomUUID().slice(0, 8)}`,
    bridge,
    address,
    gateway,
    hosts: { [domain]: address, "authority.campus.example": gateway },
    authority: certificates.authority,
    isBare: true,
    files: {
      "etc/resolv.conf": "",
      "root/settings": `${settings.join("\n")}\n`,
      "root/server.pem": certificates.certificate,
      "root/server.key": certificates.key,
    },
  });
  const trial = new Trial(machine, outside, certificates.authority);
  await step("a bare Debian boots", async () => {
    machine.powerOn();
    await until("systemd", 300_000, async () => machine.isUp());
    return trial.read("etc/debian_version").trim();
  });
  return trial;
}

async function main(): Promise<void> {
  const trial = await start();
  try {
    const said = await installs(trial);
    await servesFiles(trial);
    await firstLogIn(trial, said);
    await sells(trial);
    await survives(trial);
    await backsUp(trial);
    await restores(trial);
    await updates(trial);
    await installsAgain(trial);
    if (given.acmeServer) {
      const at = (name: string) => path.join(given.folder, name);
      await fetchesCertificate(
        trial,
        startAuthority(given.acmeServer, given.folder, at("server.pem"), at("server.key")).replace(gateway, "authority.campus.example"),
      );
    } else say("           certbot: SKIPPED, no --acme-server was given");
    const secrets = trial.read("etc/campus-pay/secrets.json");
    await leaves(trial);
    await beginsElsewhere(trial, secrets);
  } catch (error) {
    process.stderr.write(`${trial.machine.journal("-n", "40", "-p", "info")}\n`);
    throw error;
  } finally {
    await trial.machine.powerOff();
  }
  say("one server: everything was seen");
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`server:try: ${error.message}\n`);
    process.exit(1);
  },
);
