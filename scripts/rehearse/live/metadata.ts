import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Ask } from "./ask.ts";
import { metadataAddress } from "./places.ts";

/** A machine as its metadata shows it. */
export type Metadata = {
  readonly instanceId: string;
  readonly region: string;
  readonly roleArn: string;
  readonly userData: string;
  /** What target-lifecycle-state says. */
  readonly lifecycleState: () => string;
};

const tokens = new Set<string>();
const credentialSeconds = 3_600;

type Credentials = {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: string;
};

/** IMDSv2 alone: without a token nothing is said. Who asks is known by its address. */
export const metadataServer = (ask: Ask, machineAt: (address: string) => Metadata | undefined): Server =>
  createServer((request, response) => {
    const machine = machineAt(request.socket.remoteAddress ?? "");
    if (!machine) return void response.writeHead(404).end();
    answer(ask, machine, request, response).catch((error) => response.writeHead(500).end(String(error)));
  });

export const startMetadata = (ask: Ask, machineAt: (address: string) => Metadata | undefined): Promise<void> =>
  new Promise((resolve, reject) => metadataServer(ask, machineAt).once("error", reject).listen(80, metadataAddress, resolve));

const answer = async (ask: Ask, machine: Metadata, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const seconds = request.headers["x-aws-ec2-metadata-token-ttl-seconds"];
  if (request.url === "/latest/api/token") {
    if (request.method !== "PUT" || !seconds) return void response.writeHead(400).end();
    const token = crypto.randomUUID();
    tokens.add(token);
    return void response.end(token);
  }
  if (!tokens.has(String(request.headers["x-aws-ec2-metadata-token"]))) return void response.writeHead(401).end();
  const page = await pageOf(ask, machine, (request.url ?? "").replace(/^\/latest\//, ""));
  if (page === undefined) response.writeHead(404).end();
  else response.end(page);
};

const pageOf = async (ask: Ask, machine: Metadata, path: string): Promise<string | undefined> => {
  const role = machine.roleArn.split("/").at(-1) ?? "";
  switch (path) {
    case "user-data":
      return machine.userData;
    case "meta-data/instance-id":
      return machine.instanceId;
    case "meta-data/placement/region":
      return machine.region;
    case "meta-data/autoscaling/target-lifecycle-state":
      return machine.lifecycleState();
    case "meta-data/iam/security-credentials/":
      return role;
    case `meta-data/iam/security-credentials/${role}`:
      return credentialsOf(ask, machine);
    default:
      return undefined;
  }
};

const kept = new Map<string, { readonly untilMs: number; readonly answer: Promise<string> }>();

/** As AWS does, the same keys until half their life is over, and at once: the SDK waits for one second and asks no second time. */
const credentialsOf = (ask: Ask, machine: Metadata): Promise<string> => {
  const known = kept.get(machine.instanceId);
  if (known && known.untilMs > performance.now()) return known.answer;
  const answer = newCredentials(ask, machine);
  kept.set(machine.instanceId, { untilMs: performance.now() + credentialSeconds * 500, answer });
  answer.catch(() => kept.delete(machine.instanceId));
  return answer;
};

const newCredentials = async (ask: Ask, { region, roleArn, instanceId }: Metadata): Promise<string> => {
  const { Credentials: keys } = await ask<{ Credentials: Credentials }>("sts", region, "assume_role", {
    RoleArn: roleArn,
    RoleSessionName: instanceId,
    DurationSeconds: credentialSeconds,
  });
  return JSON.stringify(
    {
      Code: "Success",
      Type: "AWS-HMAC",
      LastUpdated: new Date().toISOString(),
      AccessKeyId: keys.AccessKeyId,
      SecretAccessKey: keys.SecretAccessKey,
      Token: keys.SessionToken,
      Expiration: new Date(Date.now() + credentialSeconds * 1_000).toISOString(),
    },
    null,
    2,
  );
};
