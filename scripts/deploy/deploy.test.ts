import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { CreateSecretCommand } from "@aws-sdk/client-secrets-manager";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { startS3World } from "../../app/testing/s3-world.ts";
import { environments } from "../../regions/index.ts";
import { appSecrets, secretSlug } from "../../stacks/app-secrets.ts";
import { secretName } from "../../stacks/names.ts";
import { readManifest } from "../rehearse/manifest.ts";
import { cacheFolder, root } from "../rehearse/places.ts";
import { guide, type Step } from "./guide.ts";
import { openRedisUser } from "./redis-user.ts";
import { emptySecrets, fillSecrets, readSecret, secretsClient } from "./secrets.ts";

const pilot = environments.pilot as NonNullable<(typeof environments)[string]>;
let world: Awaited<ReturnType<typeof startS3World>>;

beforeAll(async () => {
  world = await startS3World();
}, 300_000);
afterAll(() => world?.stop());
afterEach(() => vi.unstubAllEnvs());

test("a deploy that stops at a step goes on there: what is done is not done again, and what was skipped is left", async () => {
  const done = new Set<string>();
  const ran: string[] = [];
  let isBroken = true;
  const step = (name: string): Step => ({
    name,
    says: "is done",
    done: async () => (done.has(name) ? "stands" : undefined),
    run: async () => {
      ran.push(name);
      if (name === "data" && isBroken) throw new Error("no quota");
      done.add(name);
    },
  });
  const steps = ["network", "data", "mails", "api"].map(step);
  const said: string[] = [];
  const told = { say: (line: string) => void said.push(line), skip: new Set(["mails"]), isDryRun: false };
  await expect(guide(steps, told)).rejects.toThrow("no quota");
  expect(said.at(-1)).toBe('stopped at "data". When it is mended, the same command goes on there.');
  await guide(steps, { ...told, isDryRun: true });
  expect(ran).toEqual(["network", "data"]);
  isBroken = false;
  await guide(steps, { ...told, until: "data" });
  expect(ran).toEqual(["network", "data", "data"]);
  await guide(steps, told);
  expect(ran).toEqual(["network", "data", "data", "api"]);
  expect(said).toContain(" 3/4  mails: skipped, as you said");
});

test("in an empty account every step is still to do, and each stack comes behind all that it stands on", async ({ skip }) => {
  if (!world) return skip();
  const env = { ...process.env, AWS_ENDPOINT_URL: world.env.S3_URL, AWS_REGION: world.env.AWS_REGION };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/deploy.ts", "staging", "--dry-run"], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  if (/in no local mirror/.test(stderr)) return skip(stderr);
  expect([status, stderr]).toEqual([0, ""]);
  const steps = [...stdout.matchAll(/^ ?(\d+)\/\d+ {2}([\w-]+): (.*)$/gm)].map(([, , name = "", says = ""]) => ({ name, says }));
  expect(steps.filter(({ says }) => /^(done|recorded|stands|each has)/.test(says))).toEqual([]);
  expect(stdout).not.toContain("It serves");
  const order = steps.map(({ name }) => name);
  const stacks = readManifest(join(cacheFolder, "deploy/staging/out"));
  const early = stacks.flatMap(({ name, dependencies }) =>
    [name, ...dependencies]
      .filter((needed) => order.indexOf(needed) < 0 || order.indexOf(needed) > order.indexOf(name))
      .map((needed) => `${name} before ${needed}`),
  );
  expect(early).toEqual([]);
}, 180_000);

test("each secret gets its first value: ours are made, a provider's is asked for by name; none is shown, and a second run leaves all", async ({
  skip,
}) => {
  if (!world) return skip();
  vi.stubEnv("AWS_ENDPOINT_URL", world.env.S3_URL);
  const client = secretsClient(pilot);
  for (const name of Object.keys(appSecrets))
    await client.send(new CreateSecretCommand({ Name: secretName("pilot", secretSlug(name as keyof typeof appSecrets)) }));
  const said: string[] = [];
  const fill = () => fillSecrets(pilot, (line) => void said.push(line));
  vi.stubEnv("SMS_PROVIDER_TOKEN", "token-of-the-provider");
  await expect(fill()).rejects.toThrow(/FCM_SERVICE_ACCOUNT \(from Firebase\), GATEWAY_KEY_SECRET/);
  expect(await emptySecrets(pilot)).toEqual(["FCM_SERVICE_ACCOUNT", "GATEWAY_KEY_SECRET", "GATEWAY_WEBHOOK_SECRET"]);
  const keys = await readSecret(client, "campus-pilot/jwt-keys");
  for (const name of ["FCM_SERVICE_ACCOUNT", "GATEWAY_KEY_SECRET", "GATEWAY_WEBHOOK_SECRET"]) vi.stubEnv(name, "given");
  await fill();
  expect(await emptySecrets(pilot)).toEqual([]);
  expect(await readSecret(client, "campus-pilot/sms-provider-token")).toBe("token-of-the-provider");
  expect(await readSecret(client, "campus-pilot/jwt-keys")).toBe(keys);
  expect(said.join("\n")).not.toMatch(/token-of-the-provider|given/);
}, 120_000);

test("Redis' user is switched on with its password by a call that curl signs; a refusal says why", async ({ skip }) => {
  if (!world) return skip();
  const endpoint = world.env.S3_URL;
  vi.stubEnv("AWS_ENDPOINT_URL", endpoint);
  const signed = "AWS4-HMAC-SHA256 Credential=test/20270101/eu-north-1/elasticache/aws4_request, SignedHeaders=host, Signature=0";
  const ask = async (fields: Readonly<Record<string, string>>) => {
    const body = new URLSearchParams({ Version: "2015-02-02", ...fields });
    return (await fetch(endpoint, { method: "POST", body, headers: { authorization: signed } })).text();
  };
  const UserId = "campus-pilot-north-redis";
  await ask({ Action: "CreateUser", UserId, UserName: "default", Engine: "redis", AccessString: "off -@all", NoPasswordRequired: "true" });
  await openRedisUser("eu-north-1", UserId, 'a "quoted" password & more');
  const seen = await ask({ Action: "DescribeUsers", UserId });
  expect(seen).toContain("<AccessString>on ~* &amp;* +@all -@dangerous +info</AccessString>");
  expect(seen).toContain("<Type>password</Type>");
  await expect(openRedisUser("eu-north-1", UserId, "short")).rejects.toThrow(/did not take its password: .*16/);
}, 120_000);
