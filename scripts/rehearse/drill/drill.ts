import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rehearsalAccount } from "../../../app/local/aws-world.ts";
import { type Block, blocksOf } from "../../runbooks/blocks.ts";
import { deployBootstrap } from "../bootstrap.ts";
import { heading, say } from "../console.ts";
import type { Stack } from "../manifest.ts";
import { cdktfProgram, root } from "../places.ts";
import { type Outcome, run } from "../processes.ts";
import { synthesize } from "../site.ts";
import { cdktf, type Site, stateOf } from "../terraform.ts";

const stateBucket = "campus-pay-drill-state";
const app = { command: "node scripts/rehearse/drill/stacks.ts", env: {} };
const runbook = join(root, "runbooks/terraform-state.md");
/** What the neighbour makes last, and so what its state does not know when it is cut off. */
const lost = ["aws_cloudwatch_log_group.log", "aws_sqs_queue.second"] as const;

const bash = (site: Site, env: Record<string, string>, command: string): Promise<Outcome> =>
  run({ file: "bash", args: ["-euc", command], cwd: root, env: { ...site.env, ...env } });

const named = (stacks: readonly Stack[], name: string): Stack => {
  const stack = stacks.find((one) => one.name === name);
  if (!stack) throw new Error(`the drill has no stack ${name}`);
  return stack;
};

/** The deploy that dies: three stacks, two at a time, the first of which fails while the second is at work. */
const deployThatDies = async (site: Site): Promise<boolean> => {
  const stacks = ["drill-broken", "drill-neighbour", "drill-waiting"];
  const flags = ["--parallelism", "2", "--output", site.outFolder, "--skip-synth", "--auto-approve", "--skip-provider-lock", "--no-color"];
  const log = join(site.logFolder, "drill.log");
  const { code } = await run({
    file: process.execPath,
    args: [cdktfProgram, "deploy", ...stacks, ...flags],
    cwd: root,
    env: site.env,
    log,
  });
  say(`cdktf deploy ${stacks.join(" ")} --parallelism 2: exit code ${code}`);
  return code !== 0;
};

const aws = async (site: Site, command: string): Promise<readonly string[]> => (await bash(site, {}, `aws ${command}`)).lines;

/** What cdktf leaves behind: a lock that nobody holds, and things that exist and are in no state. */
const showWhatIsLeft = async (site: Site, neighbour: Stack): Promise<boolean> => {
  const locks = (await aws(site, `s3 ls s3://${stateBucket}/`)).filter((line) => line.endsWith(".tflock"));
  say(`locks left: ${locks.map((line) => line.split(" ").at(-1)).join(", ") || "none"}`);
  const known = (await stateOf(site, neighbour)).map((resource) => resource.address);
  say(`${neighbour.name} knows ${known.join(", ")}; it has lost ${lost.filter((address) => !known.includes(address)).join(", ")}`);
  return locks.length > 0 && lost.every((address) => !known.includes(address));
};

const follow = async (site: Site, env: Record<string, string>, block: Block): Promise<boolean> => {
  const { code, lines } = await bash(site, env, block.command);
  const output = lines.join("\n");
  const ok = code === 0 && (block.kind === "change" || new RegExp(block.expected, "m").test(output));
  say(
    `${block.section}, ${block.kind}: ${ok ? "as the runbook says" : `NOT AS THE RUNBOOK SAYS (exit code ${code}):\n${block.command}\n${output}`}`,
  );
  return ok;
};

const followSections = async (
  site: Site,
  env: Record<string, string>,
  blocks: readonly Block[],
  sections: readonly string[],
): Promise<boolean> => {
  for (const block of blocks.filter((one) => sections.includes(one.section))) if (!(await follow(site, env, block))) return false;
  return true;
};

/** Breaks a deploy in the middle, shows what is left, and mends it with the commands of the runbook, word for word. */
export const failureDrill = async (site: Site): Promise<boolean> => {
  const stacks = await synthesize(site, app);
  const bootstrap = named(stacks, "drill-bootstrap");
  const neighbour = named(stacks, "drill-neighbour");
  const blocks = blocksOf(readFileSync(runbook, "utf8"));
  if (!(await deployBootstrap(site, bootstrap, async () => (await cdktf(site, "deploy", bootstrap)).code === 0))) return false;

  heading("a deploy dies in the middle");
  if (!(await deployThatDies(site)) || !(await showWhatIsLeft(site, neighbour))) return false;

  heading("runbooks/terraform-state.md mends it");
  const env = {
    STACK: neighbour.name,
    STATE_BUCKET: stateBucket,
    OUT: site.outFolder,
    LOST: `${lost[0]} drill-log\n${lost[1]} ${site.env.AWS_ENDPOINT_URL}/${rehearsalAccount}/drill-second`,
  };
  if (!(await followSections(site, env, blocks, ["First five minutes", "Diagnose", "Mitigate", "Verify"]))) return false;

  heading("the whole state is gone");
  await aws(site, `s3 rm s3://${stateBucket}/${neighbour.name}.tfstate`);
  const gone = (await stateOf(site, neighbour)).length === 0;
  say(gone ? `${neighbour.name} knows nothing` : "THE STATE IS STILL THERE");
  return gone && followSections(site, env, blocks, ["Roll back", "Verify"]);
};
