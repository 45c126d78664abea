import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What the world says to a call, in the names that boto3 gives to services, operations and fields. */
export type Ask = <T = Record<string, unknown>>(
  service: string,
  region: string,
  operation: string,
  args?: Readonly<Record<string, unknown>>,
) => Promise<T>;

/** One program that asks, one question at a time. It ends with us: its standard input does. */
export const askWorld = (python: string, url: string): Ask => {
  const child = spawn(python, [join(import.meta.dirname, "ask.py"), url], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { answer, error } = JSON.parse(line) as { answer?: unknown; error?: string };
    const asked = waiting.shift();
    if (error === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(error));
  });
  const ended = new Error("the program that asks the world has ended");
  child.on("exit", () => {
    for (const { reject } of waiting.splice(0)) reject(ended);
  });
  return <T>(service: string, region: string, operation: string, args: Readonly<Record<string, unknown>> = {}) =>
    new Promise<T>((resolve, reject) => {
      if (child.exitCode !== null || child.signalCode !== null) return reject(ended);
      waiting.push({ resolve: (answer) => resolve(answer as T), reject });
      child.stdin.write(`${JSON.stringify({ service, region, operation, arguments: args })}\n`);
    });
};
