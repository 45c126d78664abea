import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { freePort } from "../../../app/local/ports.ts";
import { startWires } from "./wires.ts";

const folder = mkdtempSync(join(tmpdir(), "campus-wires-"));
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill();
  rmSync(folder, { recursive: true, force: true });
});

const echo = `require("node:net").createServer((socket) => socket.pipe(socket)).listen(process.argv[1], () => console.log("listens"));`;
const client = `const socket = require("node:net").connect(Number(process.argv[1]), "127.0.0.1", () => socket.write("hello"));
socket.on("data", (said) => { console.log(String(said)); socket.destroy(); });`;

test.skipIf(spawnSync("which", ["haproxy"]).status !== 0)("bytes go on while this process is busy with something else", async () => {
  const socket = join(folder, "echo.sock");
  const far = spawn(process.execPath, ["-e", echo, socket], { stdio: ["ignore", "pipe", "inherit"] });
  started.push(far);
  await once(far.stdout, "data");
  const port = await freePort();
  started.push(await startWires(folder, "echo", [{ from: { host: "127.0.0.1", port }, to: { path: socket } }]));
  // Nothing of ours runs until the client has ended: what is answered is carried by somebody else.
  expect(spawnSync(process.execPath, ["-e", client, String(port)], { encoding: "utf8", timeout: 60_000 }).stdout.trim()).toBe("hello");
});
