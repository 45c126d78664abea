import path from "node:path";
import { parseArgs } from "node:util";
import { reportAndSetExitCode } from "../app/local/plain-error.ts";
import { startSandbox } from "../app/local/sandbox/server.ts";
import { startApiProcess } from "../app/testing/api-process.ts";
import { type LocalSystem, startLocalSystem } from "./bench/local-system.ts";
import { makeCallers } from "./property/callers.ts";
import { installTester, runTester } from "./property/tester.ts";

const issuer = "http://127.0.0.1:8080";
const shownFaults = 10;

/** Generates requests from the API document and holds every answer against it, once as each kind of caller. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { examples: { type: "string", default: "10" }, seed: { type: "string", default: "1" } },
  });
  const tester = installTester(path.join(import.meta.dirname, "../.cache"));
  if (tester === undefined)
    return console.log("SKIP the property test of the API: there is no Python 3.10 or newer with venv on this machine");
  const system = await startLocalSystem({ durable: false });
  try {
    process.exitCode = (await testAsEachCaller(system, tester, Number(values.examples), Number(values.seed))) ? 0 : 1;
  } finally {
    await system.stop();
  }
}

async function testAsEachCaller(system: LocalSystem, tester: string, examples: number, seed: number): Promise<boolean> {
  const sandbox = await startSandbox({ port: 0, gatewayKey: { id: "rzp_test_sandbox", secret: system.env.GATEWAY_KEY_SECRET ?? "" } });
  const api = await startApiProcess({ ...system.env, PUBLIC_URL: issuer, SANDBOX_URL: sandbox.url, DRAIN_NOTICE_MS: "0" });
  const failed: string[] = [];
  try {
    for (const [name, authorization] of Object.entries(await makeCallers(system, issuer))) {
      console.log(`::: as ${name}`);
      if (!(await runTester(tester, { documentUrl: `${api.url}/openapi.json`, authorization, examples, seed }))) failed.push(name);
    }
  } finally {
    api.signal("SIGTERM");
    await api.exited;
    await sandbox.close();
  }
  const faults = api.lines.filter((line) => line.includes('"level":"error"'));
  for (const line of faults.slice(0, shownFaults)) console.error(line);
  const passed = failed.length === 0 && faults.length === 0;
  if (passed) console.log("property test: every answer kept what the document promises");
  else
    console.error(`property test: broken promises as ${failed.join(", ") || "nobody"}, ${faults.length} errors in the log (seed ${seed})`);
  return passed;
}

main().catch(reportAndSetExitCode);
