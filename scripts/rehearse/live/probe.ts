// Does a machine boot here? Runs in namespaces of its own, as the campus does, and ends with the state that systemd reached: started by live.ts.
import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { makeCertificates } from "../../machine/certificates.ts";
import { Machine } from "../../machine/machine.ts";

const bootsWithinMs = 120_000;
const bridge = "probe";

const [base = "", folder = ""] = process.argv.slice(2);
execFileSync("ip", ["link", "add", bridge, "type", "bridge"], { stdio: ["ignore", "ignore", "inherit"] });
const { authority } = makeCertificates(folder, ["probe.internal"]);
const network = { bridge, address: "10.201.0.2", gateway: "10.201.0.1" };
const machine = await Machine.of({ base, folder, name: "probe", ...network, hosts: {}, files: {}, authority });
machine.powerOn();
const deadline = performance.now() + bootsWithinMs;
let isUp = false;
while (!isUp && performance.now() < deadline) {
  await pause(250);
  isUp = machine.isUp();
}
if (!isUp) {
  const state = machine.run("systemctl", "is-system-running").output.trim();
  process.stderr.write(`a machine did not boot within ${bootsWithinMs / 1_000} s: ${state}\n`);
}
process.exit(isUp ? 0 : 1);
