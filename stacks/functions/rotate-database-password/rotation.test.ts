import { createServer, type Server } from "node:http";
import { RDSClient } from "@aws-sdk/client-rds";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { listenLocally } from "../../../app/local/ports.ts";

type Version = { value?: string; stages: string[] };
type Step = "createSecret" | "setSecret" | "testSecret" | "finishSecret";

/** What the function may ask of AWS, on loopback: one secret, and one database that takes a new password after so many looks. */
const aws = { versions: new Map<string, Version>(), password: "", looksUntilTaken: 0, looks: 0, status: "available" };

const secretsManager: Readonly<Record<string, (asked: Record<string, string>) => unknown>> = {
  DescribeSecret: () => ({ VersionIdsToStages: Object.fromEntries([...aws.versions].map(([id, { stages }]) => [id, stages])) }),
  GetSecretValue: ({ VersionId = "" }) => {
    const value = aws.versions.get(VersionId)?.value;
    return value ? { SecretString: value } : undefined;
  },
  PutSecretValue: ({ ClientRequestToken = "", SecretString = "" }) => {
    const version = aws.versions.get(ClientRequestToken);
    if (version) version.value = SecretString;
    return {};
  },
  UpdateSecretVersionStage: ({ VersionStage = "", MoveToVersionId = "", RemoveFromVersionId }) => {
    const holder = [...aws.versions].find(([, { stages }]) => stages.includes(VersionStage))?.[0];
    if (holder !== RemoveFromVersionId) return undefined;
    if (holder) aws.versions.get(holder)?.stages.splice(0, 1, "AWSPREVIOUS");
    aws.versions.get(MoveToVersionId)?.stages.push(VersionStage);
    return {};
  },
};

function database(form: URLSearchParams): string {
  const action = form.get("Action") ?? "";
  if (action === "ModifyDBInstance") aws.password = form.get("MasterUserPassword") ?? "";
  if (action === "DescribeDBInstances") aws.looks += 1;
  const pending = aws.looks <= aws.looksUntilTaken ? "<MasterUserPassword>****</MasterUserPassword>" : "";
  const instance = `<DBInstance><DBInstanceStatus>${aws.status}</DBInstanceStatus><PendingModifiedValues>${pending}</PendingModifiedValues></DBInstance>`;
  const body = action === "DescribeDBInstances" ? `<DBInstances>${instance}</DBInstances>` : instance;
  return `<${action}Response><${action}Result>${body}</${action}Result></${action}Response>`;
}

let server: Server;
let rotate: (event: { Step: Step; SecretId: string; ClientRequestToken: string }) => Promise<void>;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = (await request.toArray()).join("");
    const operation = String(request.headers["x-amz-target"] ?? "").split(".")[1];
    if (!operation) return response.setHeader("content-type", "text/xml").end(database(new URLSearchParams(body)));
    const answer = secretsManager[operation]?.(JSON.parse(body));
    response.writeHead(answer ? 200 : 400, { "content-type": "application/x-amz-json-1.1" });
    return response.end(JSON.stringify(answer ?? { __type: "ResourceNotFoundException", message: "no such value" }));
  });
  const endpoint = `http://127.0.0.1:${await listenLocally(server)}`;
  const client = { endpoint, region: "eu-north-1", maxAttempts: 1, credentials: { accessKeyId: "none", secretAccessKey: "none" } };
  const file = new URL("rotation.mjs", import.meta.url).href;
  const { rotation } = (await import(file)) as { rotation: (props: object) => typeof rotate };
  rotate = rotation({
    secrets: new SecretsManagerClient(client),
    rds: new RDSClient(client),
    databaseIdentifier: "campus-pilot-north-main",
    pollMilliseconds: 1,
    deadlineMilliseconds: 500,
  });
});
afterAll(() => void server.close());

beforeEach(() => {
  Object.assign(aws, { password: "", looksUntilTaken: 0, looks: 0, status: "available" });
  aws.versions = new Map([
    ["old", { value: "the-old-one", stages: ["AWSCURRENT"] }],
    ["new", { stages: ["AWSPENDING"] }],
  ]);
});

const step = (Step: Step, version = "new") => rotate({ Step, SecretId: "arn:secret", ClientRequestToken: version });
const passwordOf = (version: string) => aws.versions.get(version)?.value;

test("the four steps give secret and database the same new password, and the old version stays as the previous one", async () => {
  for (const one of ["createSecret", "setSecret", "testSecret", "finishSecret"] as const) await step(one);
  expect(passwordOf("new")).toMatch(/^[A-Za-z0-9_-]{40}$/);
  expect(aws.password).toBe(passwordOf("new"));
  expect(aws.versions.get("new")?.stages).toContain("AWSCURRENT");
  expect(aws.versions.get("old")?.stages).toEqual(["AWSPREVIOUS"]);
});

test("a step that comes twice makes no second password", async () => {
  await step("createSecret");
  const first = passwordOf("new");
  await step("createSecret");
  await step("setSecret");
  expect([passwordOf("new"), aws.password]).toEqual([first, first]);
});

test("a secret that never had a value gets its first one, although its version is current from the start", async () => {
  aws.versions = new Map([["new", { stages: ["AWSPENDING", "AWSCURRENT"] }]]);
  for (const one of ["createSecret", "setSecret", "testSecret", "finishSecret"] as const) await step(one);
  expect(aws.password).toBe(passwordOf("new"));
  expect(aws.password).toHaveLength(40);
});

test("where no version is current, the new one becomes it", async () => {
  aws.versions.delete("old");
  await step("finishSecret");
  expect(aws.versions.get("new")?.stages).toEqual(["AWSPENDING", "AWSCURRENT"]);
});

test("a password counts as set only when RDS has taken it", async () => {
  aws.looksUntilTaken = 3;
  await step("testSecret");
  expect(aws.looks).toBe(4);
});

test("a database that is busy with something else is waited for", async () => {
  aws.status = "backing-up";
  const waited = step("testSecret");
  await expect.poll(() => aws.looks).toBeGreaterThan(2);
  aws.status = "available";
  await waited;
});

test("a database that never takes the password fails the rotation, and the old version stays current", async () => {
  aws.looksUntilTaken = Number.POSITIVE_INFINITY;
  await expect(step("testSecret")).rejects.toThrow(
    /campus-pilot-north-main has not taken the new password within 0\.5 s; look at its state/,
  );
  expect(aws.versions.get("old")?.stages).toEqual(["AWSCURRENT"]);
});

test("no password is set that the secret does not hold", async () => {
  await expect(step("setSecret")).rejects.toThrow("no such value");
  expect(aws.password).toBe("");
});

test("a version that is not in rotation is refused, a finished one is left alone", async () => {
  await expect(step("setSecret", "stranger")).rejects.toThrow(/stranger of arn:secret is not pending; start a rotation/);
  await step("setSecret", "old");
  expect(aws.password).toBe("");
});

test("an unknown step is refused by name", async () => {
  await expect(step("dropSecret" as Step)).rejects.toThrow(/no step "dropSecret"; Secrets Manager asks for createSecret, setSecret/);
});
