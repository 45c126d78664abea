import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listenLocally } from "../../app/local/ports.ts";
import { type Environment, environments } from "../../regions/index.ts";
import { synthesizeCampus } from "../../stacks/rules/synthesized.ts";
import { LocalTerraform, pinnedProvider } from "../policy/local-terraform.ts";
import { run } from "../rehearse/processes.ts";
import { cliConfig, findProvider, mirrorPlaces } from "../rehearse/provider.ts";
import { readPlans } from "./read-plans.ts";
import { isGated, reviewPlans } from "./review.ts";

const pilot = environments.pilot as Environment;
const stack = "pilot-bootstrap";
const hasTerraform = (await LocalTerraform.find()) !== undefined;
if (!hasTerraform) console.warn("SKIP the review of a real plan: no terraform with a local copy of the AWS provider on this machine");

/** All that the provider asks before it plans something new: which account it is in. */
const stsOf = async (accountId: string) => {
  const answer = `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::${accountId}:user/ci</Arn><UserId>CI</UserId><Account>${accountId}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
  const server = createServer((_, response) => response.setHeader("Content-Type", "text/xml").end(answer));
  return { url: `http://127.0.0.1:${await listenLocally(server)}`, [Symbol.dispose]: () => void server.close() };
};

/** A state with one bucket that the code does not have any more. */
const stateWithOldBucket = JSON.stringify({
  version: 4,
  terraform_version: "1.11.0",
  serial: 1,
  lineage: "handwritten",
  outputs: {},
  resources: [
    {
      mode: "managed",
      type: "aws_s3_bucket",
      name: "old_receipts",
      provider: 'provider["registry.terraform.io/hashicorp/aws"]',
      instances: [{ schema_version: 0, attributes: { id: "old-receipts", bucket: "old-receipts", force_destroy: false } }],
    },
  ],
});

const planOf = async (folder: string, endpoint: string): Promise<string> => {
  const source = await findProvider(pinnedProvider, mirrorPlaces(process.env), async () => false);
  if (!source) throw new Error("the provider has gone");
  const config = join(folder, "terraform.rc");
  writeFileSync(config, cliConfig(source, folder));
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    TF_CLI_CONFIG_FILE: config,
    CHECKPOINT_DISABLE: "1",
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const terraform = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { code, lines } = await run({ file: "terraform", args, cwd: folder, env });
    if (code !== 0) throw new Error(`terraform ${args[0]}:\n${lines.join("\n")}`);
    return lines;
  };
  await terraform("init", "-input=false", "-no-color");
  await terraform("plan", "-refresh=false", "-input=false", "-no-color", "-out=plan");
  return (await terraform("show", "-json", "plan")).findLast((line) => line.startsWith("{")) ?? "";
};

test.skipIf(!hasTerraform)(
  "a plan that Terraform really made of a synthesized stack is read whole and judged",
  async () => {
    using sts = await stsOf(pilot.accountId);
    const folder = mkdtempSync(join(tmpdir(), "campus-real-plan-"));
    try {
      const { terraform, ...rest } = JSON.parse(synthesizeCampus(pilot).texts.get(stack) ?? "{}");
      writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify({ ...rest, terraform: { ...terraform, backend: undefined } }));
      writeFileSync(join(folder, "terraform.tfstate"), stateWithOldBucket);
      const plans = join(folder, "plans");
      mkdirSync(plans);
      writeFileSync(join(plans, `${stack}.json`), await planOf(folder, sts.url));

      const read = readPlans([plans]);
      expect(read[0]).toMatchObject({ name: stack, accounts: expect.arrayContaining([pilot.accountId]), place: "north" });
      const { findings, costs, passes } = reviewPlans(read, []);
      expect(passes).toBe(false);
      const gated = findings.filter(isGated).map(({ kind, address, says }) => ({ kind, address, says }));
      expect(gated).toContainEqual({
        kind: "stateful",
        address: `${stack}/aws_s3_bucket.old_receipts`,
        says: "is destroyed: lost is its objects",
      });
      const wide = gated.filter(({ kind }) => kind === "iam").map(({ address }) => address.replace(/_[0-9A-F]{8}$/, ""));
      // What reasonedWildcards of stacks/rules/ answers for; build's text names things that do not stand yet.
      expect(wide.toSorted()).toEqual(
        ["iam_policy.boundary", "iam_role_policy.ci-apply_secrets", "iam_role_policy.ci-plan_secrets"].map(
          (name) => `${stack}/aws_${name}`,
        ),
      );
      expect(findings).toContainEqual(expect.objectContaining({ kind: "iam", says: expect.stringContaining("only the apply will tell") }));
      expect(gated.filter(({ kind }) => kind !== "iam" && kind !== "stateful")).toEqual([]);
      expect(costs.deltaUsd).toBeCloseTo(2, 2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  180_000,
);
