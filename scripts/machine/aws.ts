import { createHash, createHmac } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Certificates } from "./certificates.ts";

const keys = { AccessKeyId: "ASIATRY000000000000A", SecretAccessKey: "try/secret+key", Token: "a-session-token==" };
const region = "eu-north-1";

export interface StandIn {
  /** What the machine may read: paths of S3 by bucket and key, values of secrets by their name. */
  readonly objects: Map<string, string>;
  readonly secrets: Map<string, string>;
  /** What target-lifecycle-state says. */
  state: string;
  /** Each call of an API, as it came. */
  readonly calls: { readonly service: string; readonly action: string; readonly body: string }[];
}

/** The few answers of AWS that one machine asks for, refusals included: no token, no metadata; no signature, no object. */
export async function startAws(address: string, certificates: Certificates): Promise<StandIn> {
  const standIn: StandIn = { objects: new Map(), secrets: new Map(), state: "InService", calls: [] };
  const metadata = createHttpServer((request, response) => answerMetadata(standIn, request, response));
  await new Promise<void>((resolve) => metadata.listen(80, "169.254.169.254", resolve));
  const { certificate: cert, key } = certificates;
  const services = createHttpsServer({ cert, key }, (request, response) => void answerService(standIn, request, response));
  await new Promise<void>((resolve) => services.listen(443, address, resolve));
  return standIn;
}

function answerMetadata({ state }: StandIn, request: IncomingMessage, response: ServerResponse): void {
  const refuse = (code: number) => response.writeHead(code).end();
  if (request.url === "/latest/api/token")
    return void (request.method === "PUT" && request.headers["x-aws-ec2-metadata-token-ttl-seconds"] ? response.end("token") : refuse(400));
  if (request.headers["x-aws-ec2-metadata-token"] !== "token") return void refuse(401);
  const credentials = { Code: "Success", Type: "AWS-HMAC", ...keys, Expiration: new Date(Date.now() + 3_600_000).toISOString() };
  const pages: Readonly<Record<string, string>> = {
    "iam/security-credentials/": "machine",
    "iam/security-credentials/machine": JSON.stringify(credentials, null, 2),
    "instance-id": "i-0try",
    "autoscaling/target-lifecycle-state": state,
  };
  const page = pages[(request.url ?? "").replace("/latest/meta-data/", "")];
  if (page === undefined) return void refuse(404);
  response.end(page);
}

async function answerService(standIn: StandIn, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const host = request.headers.host ?? "";
  if (host.includes(".s3.")) return answerObject(standIn, request, response);
  const service = host.split(".")[0] ?? "";
  const action =
    String(request.headers["x-amz-target"] ?? new URLSearchParams(body).get("Action"))
      .split(".")
      .at(-1) ?? "";
  standIn.calls.push({ service, action, body });
  if (action === "GetSecretValue") return answerSecret(standIn, body, response);
  if (service === "autoscaling") return void response.end(`<${action}Response><${action}Result/></${action}Response>`);
  response.setHeader("Content-Type", "application/x-amz-json-1.1").end("{}");
}

function answerSecret({ secrets }: StandIn, body: string, response: ServerResponse): void {
  const { SecretId } = JSON.parse(body) as { SecretId: string };
  const value = secrets.get(SecretId);
  response.setHeader("Content-Type", "application/x-amz-json-1.1");
  if (value !== undefined) return void response.end(JSON.stringify({ Name: SecretId, SecretString: value }));
  const message = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
  response.writeHead(400).end(JSON.stringify({ __type: "ResourceNotFoundException", Message: message }));
}

function answerObject({ objects }: StandIn, request: IncomingMessage, response: ServerResponse): void {
  const refused = whyRefused(request);
  const file = objects.get(`${request.headers.host?.split(".")[0]}${request.url}`);
  if (refused !== undefined || file === undefined) {
    const [status, code] = refused === undefined ? [404, "NoSuchKey"] : [403, "SignatureDoesNotMatch"];
    return void response
      .writeHead(status as number)
      .end(`<Error><Code>${code}</Code><Message>${refused ?? "no such key"}</Message></Error>`);
  }
  response.setHeader("Content-Length", statSync(file).size);
  createReadStream(file).pipe(response);
}

/** Signature version 4 as AWS checks it, for a request without a query. Every x-amz header must be signed. */
function whyRefused({ headers, method, url }: IncomingMessage): string | undefined {
  const parts = /Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, *SignedHeaders=([^,]+), *Signature=([0-9a-f]+)/.exec(
    headers.authorization ?? "",
  );
  if (!parts) return "no signature";
  const [, id, day, place, list = "", signature] = parts;
  if (id !== keys.AccessKeyId || place !== region || headers["x-amz-security-token"] !== keys.Token) return "not these keys";
  const signed = list.split(";");
  const unsigned = Object.keys(headers).filter((name) => name.startsWith("x-amz-") && !signed.includes(name));
  if (unsigned.length > 0) return `not signed: ${unsigned.join(", ")}`;
  const canonical = [
    method,
    url,
    "",
    ...signed.map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    list,
    headers["x-amz-content-sha256"],
  ].join("\n");
  const hash = createHash("sha256").update(canonical).digest("hex");
  const toSign = `AWS4-HMAC-SHA256\n${headers["x-amz-date"]}\n${day}/${place}/s3/aws4_request\n${hash}`;
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const key = ["s3", "aws4_request"].reduce(hmac, hmac(hmac(`AWS4${keys.SecretAccessKey}`, day ?? ""), place));
  return hmac(key, toSign).toString("hex") === signature ? undefined : "another signature";
}
