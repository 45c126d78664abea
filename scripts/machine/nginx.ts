import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { nginxConfig } from "../../app/host/nginx.ts";
import { makeCertificates } from "./certificates.ts";

export const findNginx = (): string | undefined =>
  ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"].find((program) => existsSync(program));

/** nginx as a machine has it, for "localhost", before two API processes. */
export function startNginx(
  program: string,
  folder: string,
  { port, firstPort }: { readonly port: number; readonly firstPort: number },
): ChildProcess {
  const { certificate, key } = makeCertificates(folder, ["localhost"]);
  mkdirSync(path.join(folder, "run"), { mode: 0o777 });
  for (const [name, text] of [
    ["certificate.pem", certificate],
    ["key.pem", key],
    [
      "nginx.conf",
      nginxConfig({
        apiProcesses: 2,
        port,
        credentials: folder,
        drainSeconds: 5,
        runtime: path.join(folder, "run"),
        accessLog: "off",
        firstPort,
      }),
    ],
  ] as const)
    writeFileSync(path.join(folder, name), text);
  // Its workers are nobody's where root starts it.
  execFileSync("chmod", ["-R", "a+rwX", folder]);
  return spawn(program, ["-e", "stderr", "-c", path.join(folder, "nginx.conf")], { stdio: ["ignore", "ignore", "inherit"] });
}
