import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface Certificates {
  readonly authority: string;
  readonly authorityFile: string;
  readonly certificate: string;
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** An authority of our own and one certificate for these names. */
export function makeCertificates(folder: string, names: readonly string[]): Certificates {
  const at = (name: string) => path.join(folder, name);
  const openssl = (...words: readonly string[]) => execFileSync("openssl", [...words], { stdio: "ignore" });
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  openssl(
    "req",
    "-x509",
    ...fresh,
    "-days",
    "2",
    "-subj",
    "/CN=Campus Pay try",
    // Python's TLS (certbot) believes no authority that does not say so.
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
    "-keyout",
    at("authority.key"),
    "-out",
    at("authority.pem"),
  );
  openssl("req", ...fresh, "-subj", "/CN=campus", "-keyout", at("server.key"), "-out", at("server.csr"));
  writeFileSync(at("names"), `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}\n`);
  const by = ["-CA", at("authority.pem"), "-CAkey", at("authority.key"), "-CAcreateserial", "-days", "2", "-extfile", at("names")];
  openssl("x509", "-req", "-in", at("server.csr"), ...by, "-out", at("server.pem"));
  const [authority, certificate, key] = ["authority.pem", "server.pem", "server.key"].map((name) => readFileSync(at(name), "utf8"));
  return {
    authority,
    authorityFile: at("authority.pem"),
    certificate,
    key,
    certificateFile: at("server.pem"),
    keyFile: at("server.key"),
  } as Certificates;
}
