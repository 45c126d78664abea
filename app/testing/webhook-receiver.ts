import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { listenLocally } from "../local/ports.ts";

export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: {
    readonly event_id: string;
    readonly event: string;
    readonly order?: Readonly<Record<string, unknown>>;
    readonly refund?: Readonly<Record<string, unknown>>;
  };
}

/** A café's till system on loopback: it writes down what it is posted, and answers what it is told to. */
export interface WebhookReceiver {
  readonly url: string;
  /** In the order of arrival, copies too. */
  readonly received: readonly ReceivedWebhook[];
  /** A status, or never an answer, from the next request on. */
  answer(how: number | "hang" | "endless" | { readonly redirect: string }): void;
  close(): Promise<void>;
}

/** `statusOf` answers each by what is in it, until `answer` says otherwise. */
export async function startWebhookReceiver(statusOf: (webhook: ReceivedWebhook) => number = () => 200): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  let how: Parameters<WebhookReceiver["answer"]>[0] | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const webhook = { path: request.url ?? "", headers: request.headers, text, body: JSON.parse(text) as ReceivedWebhook["body"] };
      received.push(webhook);
      if (how === "hang") return;
      if (how === "endless") {
        response.writeHead(200);
        const flood = () => {
          while (response.writable && response.write("x".repeat(65_536)));
        };
        response.on("drain", flood);
        return flood();
      }
      if (typeof how === "object") response.writeHead(302, { Location: how.redirect }).end();
      else response.writeHead(how ?? statusOf(webhook)).end("{}");
    });
  });
  return {
    url: `http://127.0.0.1:${await listenLocally(server)}/orders`,
    received,
    answer(next) {
      how = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What whoever writes a till system does with a request, as docs/webhooks.md says it. */
export function isSigned({ headers, text }: ReceivedWebhook, secret: string): boolean {
  const expected = createHmac("sha256", secret).update(`${headers["campus-pay-timestamp"]}.${text}`).digest("hex");
  return headers["campus-pay-signature"] === `v1=${expected}`;
}
