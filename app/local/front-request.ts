import { type Agent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Target } from "./front-target.ts";

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  readonly targets: readonly Target[];
  readonly agent: Agent;
  readonly log: (line: string) => void;
}

const retryAfterSeconds = 1;
const nobodyAnswers = "No process can answer at the moment. Try again.";
const lostMidway = "The process went away before it answered: what became of the request is not known. Send it again, unchanged.";
const hopByHop = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "http2-settings", "expect"]);

/**
 * Streams a request to the first target and its answer back. The next target is tried only where nothing can be done
 * twice: the connection was refused before anything was sent, or the request is a GET or HEAD without a body.
 */
export function forwardRequest(exchange: Exchange): void {
  const { incoming, answer, agent, log } = exchange;
  const [target, ...others] = exchange.targets;
  if (!target) {
    refuse(answer, nobodyAnswers);
    return;
  }
  const { host, port } = target;
  let isAnswered = false;
  const outgoing = request(
    { host, port, agent, method: incoming.method, path: incoming.url, headers: forwardedHeaders(incoming) },
    (reply) => {
      isAnswered = true;
      sendBack(reply, answer);
    },
  );
  outgoing.on("error", (error: NodeJS.ErrnoException) => {
    // An answer that came before the whole body was sent (413) is still an answer: the reply itself says how it ends.
    if (isAnswered || answer.destroyed) return;
    const wasRefused = error.code === "ECONNREFUSED";
    if (wasRefused) target.isReady = false;
    if (wasRefused || isRepeatable(incoming)) {
      forwardRequest({ ...exchange, targets: others });
      return;
    }
    log(`${incoming.method} ${pathOf(incoming)}: ${error.code ?? error.message} from port ${port}`);
    incoming.unpipe(outgoing);
    refuse(answer, lostMidway);
  });
  answer.once("close", () => {
    if (!answer.writableFinished) outgoing.destroy();
  });
  sendBody(incoming, outgoing);
}

/** Nothing is read from the client before there is a connection: a refused one leaves the whole body for the next target. */
function sendBody(incoming: IncomingMessage, outgoing: ClientRequest): void {
  outgoing.once("socket", (socket) => {
    if (socket.connecting) socket.once("connect", () => incoming.pipe(outgoing));
    else incoming.pipe(outgoing);
  });
}

function sendBack(reply: IncomingMessage, answer: ServerResponse): void {
  answer.writeHead(reply.statusCode ?? 502, reply.statusMessage, withoutHopByHop(reply.headers));
  // The first event of a stream may be long in coming: its headers go out now.
  answer.flushHeaders();
  reply.on("error", () => answer.destroy());
  reply.pipe(answer);
}

export function forwardedHeaders(incoming: IncomingMessage): IncomingHttpHeaders {
  const before = incoming.headers["x-forwarded-for"];
  const client = incoming.socket.remoteAddress ?? "unknown";
  return {
    ...withoutHopByHop(incoming.headers),
    "x-forwarded-for": before === undefined ? client : `${before}, ${client}`,
    "x-forwarded-proto": "http",
  };
}

const withoutHopByHop = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));

const isRepeatable = ({ method, headers }: IncomingMessage) =>
  (method === "GET" || method === "HEAD") && headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;

/** Without the query, which may hold a token. */
const pathOf = ({ url }: IncomingMessage) => url?.split("?")[0] ?? "";

function refuse(answer: ServerResponse, message: string): void {
  answer.writeHead(503, { "Content-Type": "application/json", "Retry-After": String(retryAfterSeconds) });
  answer.end(JSON.stringify({ error: { code: "TEMPORARILY_UNAVAILABLE", message, details: {} } }));
}
