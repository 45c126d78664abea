import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { ForbiddenAddress, guardedLookup, isAllowedAddress } from "./public-address.ts";

export interface WebhookPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebhookPoster {
  /** The status of the answer. Throws where there was none. A redirect is an answer like any other: it is not followed. */
  post(post: WebhookPost, signal: AbortSignal): Promise<number>;
  close(): void;
}

const maxConnectionsPerHost = 20;
const idleConnectionMs = 10_000;
/** What a till system may answer: it is not read, and more than this ends the connection. */
const maxAnswerBytes = 65_536;

export function createWebhookPoster(allowsLoopback: boolean): WebhookPoster {
  const options = { keepAlive: true, maxSockets: maxConnectionsPerHost, timeout: idleConnectionMs, lookup: guardedLookup(allowsLoopback) };
  const agents = { "http:": new http.Agent(options), "https:": new https.Agent(options) };

  const post = ({ url: text, headers, body }: WebhookPost, signal: AbortSignal): Promise<number> => {
    const url = new URL(text);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    // An address is connected to without a look-up.
    if (isIP(host) !== 0 && !isAllowedAddress(host, allowsLoopback)) return Promise.reject(new ForbiddenAddress(host));
    const isPlain = url.protocol === "http:";
    if (isPlain && !allowsLoopback) return Promise.reject(new Error("A webhook goes over https only."));
    return new Promise((resolve, reject) => {
      const request = (isPlain ? http : https).request(
        url,
        {
          method: "POST",
          headers: { ...headers, "Content-Length": Buffer.byteLength(body) },
          agent: agents[isPlain ? "http:" : "https:"],
          signal,
        },
        (answer) => {
          drain(answer);
          resolve(answer.statusCode ?? 0);
        },
      );
      request.on("error", (error) => reject(signal.aborted ? new Error("It did not answer in time.") : error));
      request.end(body);
    });
  };

  return {
    post,
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** Reads the answer to its end, so that the connection can be used again, unless there is too much of it. */
function drain(answer: http.IncomingMessage): void {
  let bytes = 0;
  answer.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) answer.destroy();
  });
  answer.on("error", () => undefined);
}
