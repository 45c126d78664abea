import { Agent } from "node:https";
import { connect } from "node:net";
import type { Duplex } from "node:stream";

export interface FcmAgentOptions {
  /** The longest that one attempt may take, from connecting to the end of the answer. */
  readonly deadlineMs: number;
  /** Speaks plain HTTP to this address instead of TLS to Google: for the sandbox. */
  readonly standIn?: { readonly host: string; readonly port: number };
}

/**
 * The `httpAgent` of a firebase-admin app. The SDK lets a request hang for 15 s and repeats it four times; this agent breaks the connection at
 * the deadline instead, with an error that the SDK does not repeat. `send()` honours it, `sendEach()` speaks HTTP/2 and does not.
 *
 *     initializeApp({ credential, projectId, httpAgent: createFcmAgent({ deadlineMs: 2_000 }) });
 */
export const createFcmAgent = (options: FcmAgentOptions): Agent => new FcmAgent(options);

class FcmAgent extends Agent {
  readonly #options: FcmAgentOptions;
  readonly #deadlines = new WeakMap<Duplex, NodeJS.Timeout>();

  constructor(options: FcmAgentOptions) {
    super({ keepAlive: true });
    this.#options = options;
  }

  override createConnection(...args: Parameters<Agent["createConnection"]>): ReturnType<Agent["createConnection"]> {
    const { standIn } = this.#options;
    const socket = standIn ? connect(standIn.port, standIn.host) : super.createConnection(...args);
    if (!socket) return socket;
    this.#startDeadline(socket);
    socket.once("close", () => this.#stopDeadline(socket));
    return socket;
  }

  // Node reads a boolean here ("may it be kept?"), though its types say void.
  override keepSocketAlive(socket: Duplex): boolean {
    this.#stopDeadline(socket);
    return super.keepSocketAlive(socket) as unknown as boolean;
  }

  override reuseSocket(...args: Parameters<Agent["reuseSocket"]>): void {
    super.reuseSocket(...args);
    this.#startDeadline(args[0]);
  }

  #startDeadline(socket: Duplex): void {
    const { deadlineMs } = this.#options;
    const cut = () => socket.destroy(new Error(`FCM did not answer within ${deadlineMs} ms`));
    this.#deadlines.set(socket, setTimeout(cut, deadlineMs));
  }

  #stopDeadline(socket: Duplex): void {
    clearTimeout(this.#deadlines.get(socket));
  }
}
