import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Command, runCommand } from "../../app/local/command.ts";
import { environments } from "../../regions/index.ts";
import { check, installCheckov } from "./checkov.ts";
import { type FailedCheck, judge } from "./judge.ts";
import { LocalTerraform } from "./local-terraform.ts";
import { waivers } from "./waivers.ts";

export const command = {
  name: "npm run policy",
  for: "platform team",
  what: "Asks Terraform's own check and Checkov about every stack of every environment; our own rules run with `npm test`.",
  touches: "files under .cache/policy; Checkov is installed into .cache.",
  exits: { 1: "something is to be answered" },
} as const satisfies Command;

const root = new URL("../../", import.meta.url).pathname;
const cache = join(root, ".cache");
const names = Object.keys(environments);
/** 3 s a stack: only the environment that differs from the pilot in shape, which the rehearsal deploys for real. */
const validated = ["production"];

const folders = new Map<string, string>();

async function synth(name: string): Promise<string> {
  const folder = join(cache, "policy", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, CAMPUS_ENVIRONMENT: name, CDKTF_OUTDIR: folder };
  await promisify(execFile)(process.execPath, ["--max-semi-space-size=1", "stacks/main.ts"], { cwd: root, env });
  return join(folder, "stacks");
}

async function askTerraform(): Promise<string[]> {
  const terraform = await LocalTerraform.find();
  if (!terraform) {
    console.log("SKIP terraform validate: no terraform with a local copy of the AWS provider on this machine");
    return [];
  }
  const work = mkdtempSync(join(tmpdir(), "campus-validate-"));
  const found: string[] = [];
  try {
    await terraform.init(work);
    for (const name of validated) {
      const folder = folders.get(name) ?? "";
      for (const stack of readdirSync(folder)) {
        const { terraform: settings, ...rest } = JSON.parse(readFileSync(join(folder, stack, "cdk.tf.json"), "utf8"));
        writeFileSync(join(work, "cdk.tf.json"), JSON.stringify({ ...rest, terraform: { ...settings, backend: undefined } }));
        const assets = join(folder, stack, "assets");
        if (existsSync(assets)) cpSync(assets, join(work, "assets"), { recursive: true });
        const said = await terraform.validate(work);
        if (said) found.push(`${stack}: ${said}`);
      }
      console.log(`terraform validate: ${name}, ${readdirSync(folder).length} stacks read`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return found;
}

async function askCheckov(): Promise<readonly string[]> {
  const checkov = await installCheckov(cache);
  if (!checkov) {
    console.log("SKIP Checkov: no Python 3.9 or newer with venv on this machine");
    return [];
  }
  const failed: FailedCheck[] = [];
  for (const [name, folder] of folders) {
    const findings = await check(checkov, folder, readdirSync(folder).length);
    console.log(`checkov: ${name}, ${findings.passed} passed, ${findings.failed.length} failed`);
    failed.push(...findings.failed);
  }
  const verdict = judge(failed, waivers, new Date().toISOString().slice(0, 10));
  console.log(`checkov: ${verdict.waived} failed checks waived by ${waivers.length} waivers`);
  return verdict.lines;
}

await runCommand(import.meta, command, async () => {
  for (const name of names) folders.set(name, await synth(name));
  const lines = [...(await askTerraform()), ...(await askCheckov())];
  for (const line of lines) console.error(`FAIL ${line}`);
  console.log(lines.length === 0 ? "policy: nothing is unanswered" : `policy: ${lines.length} to answer`);
  return lines.length === 0 ? 0 : 1;
});
