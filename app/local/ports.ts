import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { PlainError } from "./plain-error.ts";

const loopback = "127.0.0.1";
// Below what a system gives to connections that go out (Linux from 32768, macOS from 49152): none of those takes the port
// between our look and the server's start, nor while a server is away that comes back on it.
const lowestPort = 20_000;
const highestPort = 32_767;
const shownCommandLength = 60;
const tries = 100;

/** A port that nobody listens on at this moment, and that no connection will be given. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const port = randomInt(lowestPort, highestPort + 1);
    if (await isFree(port)) return port;
  }
  throw new PlainError(`No port between ${lowestPort} and ${highestPort} is free on this machine.`);
}

/** The first of `count` free ports in a row. */
export async function freePortRow(count: number): Promise<number> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const first = await freePort();
    if (first + count > highestPort) continue;
    const row = await Promise.all(Array.from({ length: count }, (_, offset) => isFree(first + offset)));
    if (row.every(Boolean)) return first;
  }
  throw new PlainError(`There are no ${count} free ports in a row on this machine.`);
}

/** Lets a server listen here and nowhere else, on a port that the system chooses; which one. */
export const listenLocally = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, loopback, () => resolve((server.address() as AddressInfo).port)));

export async function assertPortFree(port: number, mend: string): Promise<void> {
  if (await isFree(port)) return;
  const holder = findListener(port);
  throw new PlainError(`Port ${port} is in use${holder ? ` by ${holder}` : ""}: ${mend}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(false) : reject(error)));
    probe.listen(port, loopback, () => probe.close(() => resolve(true)));
  });
}

/** Names the process that listens on a port, where the system lets us see it. */
function findListener(port: number): string | undefined {
  try {
    return process.platform === "linux" ? findListenerInProc(port) : findListenerByLsof(port);
  } catch {
    return undefined;
  }
}

function findListenerInProc(port: number): string | undefined {
  const listening = "0A";
  const inodes = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"]
      .flatMap((file) => readFileSync(file, "utf8").split("\n"))
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === listening && Number.parseInt(fields[1]?.split(":")[1] ?? "", 16) === port)
      .map((fields) => `socket:[${fields[9]}]`),
  );
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (holdsOneOf(pid, inodes)) return `${commandOf(pid)} (process ${pid})`;
  }
  return undefined;
}

/** The beginning of the command line: the short name of every Node is "MainThread". */
const commandOf = (pid: string) => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim().slice(0, shownCommandLength);

function holdsOneOf(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((descriptor) => sockets.has(readlinkSync(`/proc/${pid}/fd/${descriptor}`)));
  } catch {
    return false;
  }
}

function findListenerByLsof(port: number): string | undefined {
  const text = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], { encoding: "utf8" });
  const pid = /^p(\d+)/m.exec(text)?.[1];
  const command = /^c(.+)/m.exec(text)?.[1];
  return pid ? `${command ?? "a process"} (process ${pid})` : undefined;
}
