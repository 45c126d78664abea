import { parentPort } from "node:worker_threads";
import { compareSync, hashSync } from "bcryptjs";

// One bcrypt of cost 10 takes about 60 ms of CPU: on a thread of its own it never holds up a request.
export type PasswordTask = { readonly hash: string; readonly password: string } | { readonly cost: number; readonly password: string };

const work = (task: PasswordTask): boolean | string =>
  "hash" in task ? compareSync(task.password, task.hash) : hashSync(task.password, task.cost);

parentPort?.on("message", (task: PasswordTask) => parentPort?.postMessage(work(task)));
