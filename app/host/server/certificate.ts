import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { PlainError } from "../../local/plain-error.ts";
import { writeWhole } from "../write-whole.ts";
import { challenges, keyReaders, serverState, tls } from "./places.ts";
import { run, succeeds } from "./run.ts";

const files = { certificate: path.join(tls, "certificate.pem"), key: path.join(tls, "key.pem") };

/** Puts both where nginx reads them, the key for its group alone. */
function place(certificate: string, key: string): void {
  writeWhole(files.key, key, 0o640);
  chownSync(files.key, 0, Number(run("getent", ["group", keyReaders]).split(":")[2]));
  chmodSync(files.key, 0o640);
  writeWhole(files.certificate, certificate);
}

/** One that no browser believes, so that nginx can start: for a trial, or until the real one is here. */
export function makeCertificate(domain: string): void {
  if (existsSync(files.certificate) && new X509Certificate(readFileSync(files.certificate)).checkHost(domain)) return;
  const made = ["certificate", "key"].map((name) => `/run/campus-pay-${name}.pem`) as [string, string];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  const names = ["-subj", `/CN=${domain}`, "-addext", `subjectAltName=DNS:${domain}`];
  run("openssl", ["req", "-x509", ...curve, "-days", "825", ...names, "-out", made[0], "-keyout", made[1]]);
  place(readFileSync(made[0], "utf8"), readFileSync(made[1], "utf8"));
  run("rm", ["-f", ...made]);
}

export interface Brought {
  readonly certificate: string;
  readonly key: string;
}

/** One that somebody brings, read before anything is touched, and refused where it would not do. */
export function readBrought(domain: string, certificateFile: string, keyFile: string): Brought {
  for (const file of [certificateFile, keyFile]) if (!existsSync(file)) throw new PlainError(`There is no file ${file}.`);
  const [certificate, key] = [readFileSync(certificateFile, "utf8"), readFileSync(keyFile, "utf8")];
  const read = parsed(certificateFile, "certificate", () => new X509Certificate(certificate));
  if (!read.checkHost(domain))
    throw new PlainError(`${certificateFile} is for ${read.subjectAltName ?? read.subject}, and not for ${domain}.`);
  if (Date.parse(read.validTo) < Date.now()) throw new PlainError(`${certificateFile} ended on ${read.validTo}.`);
  if (!read.checkPrivateKey(parsed(keyFile, "private key", () => createPrivateKey(key))))
    throw new PlainError(`${keyFile} is not the key of ${certificateFile}.`);
  return { certificate, key };
}

function parsed<T>(file: string, what: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new PlainError(`${file} holds no ${what} (PEM).`);
  }
}

export const takeCertificate = ({ certificate, key }: Brought): void => place(certificate, key);

interface Authority {
  readonly email: string | undefined;
  /** Another ACME server than Let's Encrypt's. */
  readonly server: string | undefined;
}

/** By the answer at port 80, which nginx serves. certbot's own timer renews it and calls host/certificate. */
export function fetchCertificate(domain: string, { email, server }: Authority): void {
  mkdirSync(challenges, { recursive: true });
  const who = email === undefined ? ["--register-unsafely-without-email"] : ["--email", email];
  const where = server === undefined ? [] : ["--server", server];
  const hook = ["--deploy-hook", "/opt/campus-pay/current/host/certificate"];
  const words = ["certonly", "--non-interactive", "--agree-tos", "--keep-until-expiring", "--webroot", "-w", challenges, "-d", domain];
  try {
    run("certbot", [...words, ...who, ...where, ...hook], { reasonIn: whyNoCertificate });
  } catch (error) {
    throw new PlainError(
      `Let's Encrypt gave no certificate for ${domain}: does its name lead to this machine, and is port 80 open? Everything else stands, with a certificate that no browser believes; run the same again. (${(error as Error).message})`,
    );
  }
  serveRenewed();
}

const saidAlways =
  /^(Saving debug log|Requesting a certificate|Account registered|Hint:|Some challenges have failed|Ask for help|See the logfile|- - -|Certbot failed to authenticate|$)/;

/** certbot's last line says where to ask for help: what the authority or the network said stands before it. */
export const whyNoCertificate = (output: string): string | undefined =>
  output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => !saidAlways.test(line))
    .join(" ") || undefined;

/** The newest certificate of certbot into nginx' hands; connections stay. */
export function serveRenewed(): void {
  const { domain, certificate } = serverState();
  // One that somebody brought later stays.
  if (certificate !== "letsencrypt") return;
  const from = path.join("/etc/letsencrypt/live", domain);
  place(readFileSync(path.join(from, "fullchain.pem"), "utf8"), readFileSync(path.join(from, "privkey.pem"), "utf8"));
  if (succeeds("systemctl", "is-active", "--quiet", "campus-pay-nginx.service")) run("systemctl", ["reload", "campus-pay-nginx.service"]);
}
