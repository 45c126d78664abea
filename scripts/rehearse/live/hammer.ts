import { Agent, request } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { edge } from "./places.ts";

// Its key is the charge in the path, so it may be sent twice. Without a token the app's own answer is 401.
const path = "/api/v1/charges/019ac000-0000-7000-8000-000000000000/confirm";

// As fast as it can it would take from the machines that boot meanwhile what they need for it.
const betweenPostsMs = 40;

/** Keyed POSTs through the edge, each of which has to be answered by the app. */
export class Hammer {
  sent = 0;
  private readonly wrong = new Map<string, number>();
  private readonly agent: Agent;
  private readonly host: string;
  private stopping = false;
  private readonly work: Promise<unknown>;

  constructor(host: string, authority: string, clients: number) {
    this.host = host;
    this.agent = new Agent({ keepAlive: true, maxSockets: clients, ca: authority });
    this.work = Promise.all(Array.from({ length: clients }, () => this.client()));
  }

  private async client(): Promise<void> {
    while (!this.stopping) {
      const outcome = await this.post();
      this.sent += 1;
      if (outcome !== "401") this.wrong.set(outcome, (this.wrong.get(outcome) ?? 0) + 1);
      await pause(betweenPostsMs);
    }
  }

  private post(): Promise<string> {
    return new Promise((resolve) => {
      const headers = { host: this.host, "content-type": "application/json" };
      const asked = request({ agent: this.agent, host: edge, servername: this.host, method: "POST", path, headers }, (answer) => {
        answer.resume().on("end", () => resolve(String(answer.statusCode)));
      });
      asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)).end("{}");
    });
  }

  /** How many were sent; any that the app did not answer is a failure. */
  async stop(): Promise<number> {
    this.stopping = true;
    await this.work;
    this.agent.destroy();
    if (this.wrong.size > 0)
      throw new Error(`of ${this.sent} keyed POSTs ${[...this.wrong].map(([what, times]) => `${times} got ${what}`).join(", ")}.`);
    return this.sent;
  }
}
