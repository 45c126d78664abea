import path from "node:path";
import { type Asked, type Command, refuse, wholeNumber } from "../../local/command.ts";
import { environmentFile } from "../settings.ts";
import { makeAdmins } from "./admins.ts";
import { backUp } from "./backup.ts";
import { parseBucket } from "./bucket.ts";
import { type Brought, fetchCertificate, makeCertificate, readBrought, takeCertificate } from "./certificate.ts";
import { prepareFolders } from "./folders.ts";
import { installPackages, missingPackages } from "./packages.ts";
import * as places from "./places.ts";
import { appUrl, configureCluster, postgresPort, prepareRoles } from "./postgres.ts";
import { type Given, givenSettings, whatIsOff } from "./providers.ts";
import { configureRedis } from "./redis.ts";
import { serveOwn } from "./release.ts";
import { systemctl } from "./run.ts";
import { appEnvironment, serverSecrets, writeEnvironment, writeSecretsFile } from "./secrets.ts";
import { mustBeAble } from "./this-machine.ts";

export const command = {
  name: "host/install",
  for: "platform team",
  what: "Makes this Debian machine one server of Campus Pay, without AWS: PostgreSQL, Redis, nginx, a certificate, the processes, a backup every night.",
  touches:
    "packages of Debian, /etc/campus-pay, /var/lib/campus-pay, /opt/campus-pay, units of systemd, files of its own beside PostgreSQL's and Redis' settings. Run again it keeps secrets, data and what was chosen.",
  options: {
    domain: { type: "string", value: "NAME", help: "the public name; it leads to this machine. Kept from the first run" },
    email: { type: "string", value: "ADDRESS", help: "for Let's Encrypt: where it warns before a certificate ends" },
    certificate: { type: "string", value: "FILE", help: "a certificate of your own (PEM, with its chain), instead of Let's Encrypt's" },
    key: { type: "string", value: "FILE", help: "its key" },
    "self-made": { type: "boolean", help: "a certificate that no browser believes: for a trial without internet" },
    "acme-server": { type: "string", value: "URL", help: "another authority than Let's Encrypt that speaks ACME" },
    admins: { type: "string", value: "NAME,NAME", help: "the two first admins; admin.one,admin.two unless said" },
    settings: {
      type: "string",
      value: "FILE",
      help: "lines NAME=value of docs/configuration.md: SMS, pushes, gateway, bank; on a terminal they are asked for",
    },
    secrets: { type: "string", value: "FILE", help: "secrets.json of an earlier server, whose backup is to be restored here" },
    backups: { type: "string", value: "FOLDER", help: "where backups go; /var/backups/campus-pay unless said" },
    bucket: {
      type: "string",
      value: "s3://NAME/FOLDER",
      help: "where they go too; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are its keys",
    },
    "bucket-url": { type: "string", value: "URL", help: "the address of an S3-compatible store that is not AWS's" },
    "bucket-region": { type: "string", value: "NAME", help: "its region; eu-north-1 unless said" },
    keep: { type: "string", value: "N", help: "how many backups stay in the folder; 14 unless said" },
    tell: { type: "string", value: "URL", help: "an address that gets one line by POST when a backup fails" },
    "dry-run": { type: "boolean", help: "say what would be done" },
  },
  exits: { 1: "not installed, or not all of it: the last line says why; run again it goes on" },
  environment: { AWS_ACCESS_KEY_ID: "of the bucket", AWS_SECRET_ACCESS_KEY: "of the bucket" },
} as const satisfies Command;

type Values = Asked<(typeof command)["options"]>["values"];

const domainPattern = /^(?=.{4,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;
const namePattern = /^[a-z0-9._-]{3,50}$/;

interface Step {
  readonly title: string;
  readonly work: () => unknown;
}

export async function install({ values }: Asked<(typeof command)["options"]>): Promise<void> {
  const state = chosen(values);
  mustBeAble(values["dry-run"] === true);
  const brought =
    values.certificate !== undefined && values.key !== undefined ? readBrought(state.domain, values.certificate, values.key) : undefined;
  const steps = stepsOf(values, state, brought, values["dry-run"] ? { variables: {}, secrets: {} } : await givenSettings(values.settings));
  for (const [index, { title, work }] of steps.entries()) {
    const started = performance.now();
    if (values["dry-run"]) {
      places.say(`would: ${title}`);
      continue;
    }
    places.say(`[${index + 1}/${steps.length}] ${title} …`);
    await work();
    const seconds = (performance.now() - started) / 1000;
    if (seconds >= 1) places.say(`      ${seconds.toFixed(0)} s`);
  }
  if (!values["dry-run"]) sayHowItIs(state);
}

/** What is said now, else what was chosen the first time. */
function chosen(values: Values): places.ServerState {
  const known = places.knownState();
  const domain = values.domain ?? known?.domain;
  if (domain === undefined) throw refuse(command, "--domain is missing: say the public name of this server.");
  if (!domainPattern.test(domain)) throw refuse(command, `--domain is "${domain}", and a name like pay.example.org is needed.`);
  if ((values.certificate === undefined) !== (values.key === undefined)) throw refuse(command, "--certificate and --key belong together.");
  if (values.bucket !== undefined) parseBucket(values.bucket);
  const kind = values.certificate
    ? "file"
    : values["self-made"]
      ? "self-made"
      : values["acme-server"] || values.email
        ? "letsencrypt"
        : undefined;
  return { ...known, domain, certificate: kind ?? known?.certificate ?? "letsencrypt", backups: chosenBackups(values, known?.backups) };
}

function chosenBackups(values: Values, known: places.BackupPlace | undefined): places.BackupPlace {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env;
  const said = {
    bucket: values.bucket,
    url: values["bucket-url"],
    region: values["bucket-region"],
    tell: values.tell,
    folder: values.backups,
  };
  return {
    folder: "/var/backups/campus-pay",
    region: "eu-north-1",
    keep: 14,
    ...known,
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
    ...(values.keep === undefined ? {} : { keep: wholeNumber(command, "keep", values.keep, { to: 1_000 }) }),
    ...(id && secret ? { keys: { id, secret } } : {}),
  };
}

function stepsOf(values: Values, state: places.ServerState, brought: Brought | undefined, given: Given): readonly Step[] {
  const missing = missingPackages(state.certificate);
  const admins = adminsOf(values);
  return [
    { title: `Packages: ${missing.length > 0 ? missing.join(", ") : "all are here"}`, work: () => installPackages(state.certificate) },
    { title: "User, folders and secrets (made once, kept in /etc/campus-pay)", work: () => prepareFolders(values.secrets, given.secrets) },
    { title: "PostgreSQL: roles and database", work: prepareDatabases },
    { title: "Redis: loopback, with a password", work: () => configureRedis(serverSecrets()) },
    { title: "Settings", work: () => settle(state, given) },
    { title: `Certificate: ${certificateTitle(state, values)}`, work: () => firstCertificate(state, brought) },
    { title: "Schema, processes, nginx, web apps", work: () => serveOwn(state, { isMigrated: true }) },
    ...(state.certificate === "letsencrypt"
      ? [
          {
            title: `Let's Encrypt: a certificate for ${state.domain}`,
            work: () => fetchCertificate(state.domain, { email: values.email, server: values["acme-server"] }),
          },
        ]
      : []),
    { title: `First admins: ${admins.join(", ")}`, work: () => makeAdmins(admins) },
    {
      title: `A backup every night into ${state.backups.folder}${state.backups.bucket ? ` and ${state.backups.bucket}` : ""}, the first one now`,
      work: firstBackup,
    },
  ];
}

const certificateTitle = ({ certificate, domain }: places.ServerState, values: Values): string =>
  certificate === "file"
    ? (values.certificate ?? "the one that was given")
    : `one made here for ${domain}${certificate === "letsencrypt" ? ", until the real one comes" : ""}`;

function adminsOf(values: Values): readonly [string, string] {
  const [first = "", second = "", ...more] = (values.admins ?? "admin.one,admin.two").split(",");
  if (more.length > 0 || first === second || ![first, second].every((name) => namePattern.test(name)))
    throw refuse(command, `--admins is "${values.admins}": name two people, each with 3 to 50 of a-z, 0-9, dot, underscore and hyphen.`);
  return [first, second];
}

async function prepareDatabases(): Promise<void> {
  configureCluster();
  await prepareRoles(postgresPort(), serverSecrets());
}

function settle(state: places.ServerState, given: Given): void {
  const presets = { CAMPUS_REGION: "server", CAMPUS_EPOCH: "1", API_PROCESSES: "2", SMS_PROVIDER: "none" };
  writeEnvironment(presets, given.variables, {
    CAMPUS_ENV: "production",
    CAMPUS_CLOUD: "none",
    CAMPUS_VERSION: path.basename(places.ownHome),
    PUBLIC_URL: `https://${state.domain}`,
    TRUSTED_PROXIES: "1",
    DATABASE_URL: appUrl(postgresPort()),
    REDIS_URL: "redis://127.0.0.1:6379",
    OBJECT_FOLDER: places.objects,
    WEB_FOLDER: path.join(places.current, "web"),
  });
  writeSecretsFile(serverSecrets());
  appEnvironment();
  const digest = path.basename(places.ownHome);
  const before = state.release === digest ? state.before : state.release;
  places.keepState({ ...state, release: digest, ...(before === undefined ? {} : { before }) });
}

function firstCertificate({ certificate, domain }: places.ServerState, brought: Brought | undefined): void {
  if (brought) takeCertificate(brought);
  else if (certificate !== "file") makeCertificate(domain);
}

async function firstBackup(): Promise<void> {
  systemctl("enable", "--now", "--quiet", "campus-pay-backup.timer");
  places.say(`      ${await backUp()}`);
}

function sayHowItIs({ domain, certificate }: places.ServerState): void {
  places.say(`\nhttps://${domain} serves.${certificate === "self-made" ? " Its certificate is made here: browsers warn." : ""}`);
  for (const line of whatIsOff(appEnvironment())) places.say(`- ${line}`);
  places.say(
    `- Keep a copy of ${places.secretsJson} away from this machine: without it no backup can be read elsewhere. Settings: ${environmentFile}.`,
  );
}
