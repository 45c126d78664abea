import { connect, createServer, type Socket } from "node:net";
import { listenLocally } from "../../local/ports.ts";
import { closesUnit, isReady, messageReader, statementReader, type WireMessage, withStatement } from "./postgres-messages.ts";

/**
 * What happens to a statement on its way: it passes; the wire is cut before the server has it, so nothing happened; or
 * after the server has finished it and before its answer passes, so it happened and nobody was told; or as soon as the server
 * has it, which is still at work when nobody listens any more.
 */
export type Verdict = "pass" | "cut before" | "cut during" | "cut after" | "hold answer";

export type Judge = (statement: string) => Verdict;

export interface Cuts {
  readonly before: number;
  readonly after: number;
}

/** A wire between the application and PostgreSQL that knows which statement is about to run and can be cut around it. */
export interface CommitCutter {
  readonly port: number;
  /** Asked about every statement from now on; without one all pass. */
  judge(judge: Judge | undefined): void;
  /** Run when a statement has been committed and its answer is about to be lost. */
  onCutAfter(then: (() => void) | undefined): void;
  /** Statements reach the database in other words than the application sent: how a canary breaks what is not in a function. */
  rewrite(change: ((statement: string) => string) | undefined): void;
  /** New connections are dropped at once, as by a host that is not there. */
  refuse(refused: boolean): void;
  /** Each message waits this long in each direction. */
  delay(ms: number): void;
  cutAll(): void;
  cuts(): Cuts;
  stop(): Promise<void>;
}

interface Wire {
  readonly judge: Judge | undefined;
  readonly onCutAfter: (() => void) | undefined;
  readonly rewrite: ((statement: string) => string) | undefined;
  readonly isRefused: boolean;
  readonly delayMs: number;
}

/** Cuts around the next statement that the pattern fits, and no other. */
export function judgeOnce(pattern: RegExp, verdict: Verdict): Judge {
  let isDone = false;
  return (statement) => {
    if (isDone || !pattern.test(statement)) return "pass";
    isDone = true;
    return verdict;
  };
}

export const confirmStatement = /confirm_charge\(/;
export const openStatement = /open_charge\(/;
export const commitStatement = /^commit$/;

export async function startCommitCutter(targetPort: number): Promise<CommitCutter> {
  const sockets = new Set<Socket>();
  const wire: { -readonly [Key in keyof Wire]: Wire[Key] } = {
    judge: undefined,
    onCutAfter: undefined,
    rewrite: undefined,
    isRefused: false,
    delayMs: 0,
  };
  const cuts = { before: 0, after: 0 };
  const server = createServer((client) => {
    if (wire.isRefused) {
      client.destroy();
      return;
    }
    const upstream = connect(targetPort, "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    join(client, upstream, wire, cuts);
  });
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: await listenLocally(server),
    judge: (judge) => {
      wire.judge = judge;
    },
    onCutAfter: (then) => {
      wire.onCutAfter = then;
    },
    rewrite: (change) => {
      wire.rewrite = change;
    },
    refuse: (refused) => {
      wire.isRefused = refused;
    },
    delay: (ms) => {
      wire.delayMs = ms;
    },
    cutAll,
    cuts: () => ({ ...cuts }),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cutAll();
      await closed;
    },
  };
}

function join(client: Socket, upstream: Socket, wire: Wire, cuts: { before: number; after: number }): void {
  const [readClient, readServer, readStatement] = [messageReader("client"), messageReader("server"), statementReader()];
  let unit: WireMessage[] = [];
  let statement: string | undefined;
  let verdict: Verdict = "pass";
  const pass = (to: Socket, bytes: Buffer) => {
    if (wire.delayMs > 0) setTimeout(() => to.write(bytes), wire.delayMs);
    else to.write(bytes);
  };

  client.on("data", (chunk: Buffer) => {
    for (const message of readClient(chunk)) {
      unit.push(wire.rewrite && message.type === "P" ? withStatement(message, wire.rewrite) : message);
      statement = readStatement(message) ?? statement;
      if (!closesUnit(message)) continue;
      if (statement !== undefined) verdict = wire.judge?.(statement) ?? "pass";
      if (verdict === "cut before") {
        cuts.before += 1;
        client.destroy();
        return;
      }
      pass(upstream, Buffer.concat(unit.map(({ bytes }) => bytes)));
      unit = [];
      statement = undefined;
      if (verdict === "cut during") client.destroy();
    }
  });
  upstream.on("data", (chunk: Buffer) => {
    const messages = readServer(chunk);
    if (verdict === "hold answer") return;
    if (verdict === "pass") {
      if (messages.length > 0) pass(client, Buffer.concat(messages.map(({ bytes }) => bytes)));
      return;
    }
    if (!messages.some(isReady)) return;
    cuts.after += 1;
    wire.onCutAfter?.();
    client.destroy();
  });
}
