import path from "node:path";
import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { startSandbox } from "../app/local/sandbox/server.ts";
import { startApiProcess } from "../app/testing/api-process.ts";
import { type LocalSystem, startLocalSystem } from "./bench/local-system.ts";
import { makeCallers } from "./property/callers.ts";
import { installTester, runTester } from "./property/tester.ts";

const issuer = "http://127.0.0.1:8080";
const shownFaults = 10;

export const command = {
  name: "npm run api:test",
  for: "developer",
  what: "Generates requests from the API document and holds every answer against it, once as each kind of caller.",
  touches: "a system of its own on this machine, which it ends; the tester is installed into .cache.",
  options: {
    examples: { type: "string", value: "N", default: "10", help: "requests for each operation" },
    seed: { type: "string", value: "N", default: "1", help: "the same seed makes the same requests" },
  },
  exits: { 1: "an answer broke the document's promise" },
} as const satisfies Command;

async function main(examples: number, seed: number): Promise<number> {
  const tester = installTester(path.join(import.meta.dirname, "../.cache"));
  if (tester === undefined) {
    console.log("SKIP the property test of the API: there is no Python 3.10 or newer with venv on this machine");
    return 0;
  }
  const system = await startLocalSystem({ durable: false });
  try {
    return (await testAsEachCaller(system, tester, examples, seed)) ? 0 : 1;
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

await runCommand(import.meta, command, ({ values }) =>
  main(wholeNumber(command, "examples", values.examples), wholeNumber(command, "seed", values.seed)),
);
