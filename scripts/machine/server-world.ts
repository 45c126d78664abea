import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { type Sandbox, startSandbox } from "../../app/local/sandbox/server.ts";

export const bridge = "campus-one";
export const gateway = "10.98.0.1";
export const address = "10.98.0.10";
export const domain = "pay.campus.example";
export const bucketKeys = { AWS_ACCESS_KEY_ID: "ONESERVER", AWS_SECRET_ACCESS_KEY: "one/server/secret" };

/** What the server finds outside: who sends SMS, an S3-compatible store, and somebody who is told of failures. */
export interface Outside {
  readonly sandbox: Sandbox;
  readonly bucket: Map<string, Buffer>;
  readonly told: string[];
  readonly storeUrl: string;
  readonly tellUrl: string;
}

export async function startOutside(): Promise<Outside> {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  execFileSync("ip", ["link", "add", bridge, "type", "bridge"]);
  execFileSync("ip", ["addr", "add", `${gateway}/24`, "dev", bridge]);
  execFileSync("ip", ["link", "set", bridge, "up"]);
  const sandbox = await startSandbox({ port: 8083, host: gateway, gatewayKey: { id: "rzp_test_server", secret: "secret" } });
  const bucket = new Map<string, Buffer>();
  const told: string[] = [];
  const storeUrl = await listen(9_000, (method, url, body, authorization) => {
    if (!authorization.includes(`Credential=${bucketKeys.AWS_ACCESS_KEY_ID}/`)) return { status: 403, body: refusal("AccessDenied") };
    const key = url.replace(/\?.*$/, "");
    if (method === "PUT") bucket.set(key, body);
    const kept = bucket.get(key);
    return kept ? { status: 200, body: method === "GET" ? kept : "" } : { status: 404, body: refusal("NoSuchKey") };
  });
  const tellUrl = await listen(9_001, (_, __, body) => {
    told.push(body.toString());
    return { status: 200, body: "" };
  });
  return { sandbox, bucket, told, storeUrl, tellUrl };
}

const refusal = (code: string) => `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;

type Answerer = (
  method: string,
  url: string,
  body: Buffer,
  authorization: string,
) => { readonly status: number; readonly body: string | Buffer };

function listen(port: number, answer: Answerer): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { status, body } = answer(request.method ?? "", request.url ?? "", Buffer.concat(chunks), request.headers.authorization ?? "");
    response.writeHead(status).end(body);
  });
  return new Promise((resolve) => server.listen(port, gateway, () => resolve(`http://${gateway}:${port}`)));
}

/** Pebble: an authority that speaks ACME as Let's Encrypt does, and asks the server at port 80 itself. */
export function startAuthority(program: string, folder: string, certificateFile: string, keyFile: string): string {
  const settings = {
    pebble: {
      listenAddress: `${gateway}:14000`,
      managementListenAddress: `${gateway}:15000`,
      certificate: certificateFile,
      privateKey: keyFile,
      httpPort: 80,
      tlsPort: 443,
      ocspResponderURL: "",
      externalAccountBindingRequired: false,
    },
  };
  mkdirSync(folder, { recursive: true });
  // Its resolver reads this file; the mount is seen in this namespace alone.
  const hosts = path.join(folder, "hosts");
  writeFileSync(hosts, `127.0.0.1 localhost\n${address} ${domain}\n`);
  execFileSync("mount", ["--bind", hosts, "/etc/hosts"]);
  const file = path.join(folder, "pebble.json");
  writeFileSync(file, JSON.stringify(settings));
  spawn(program, ["-config", file], { stdio: "ignore", env: { ...process.env, PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "0" } });
  return `https://${gateway}:14000/dir`;
}
