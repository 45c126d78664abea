import { WebSocket } from "ws";
import { until } from "./platform.ts";

export interface LiveMessage {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly id?: string;
}

interface Listening {
  readonly messages: readonly LiveMessage[];
  /** The id that a client keeps to resume from. */
  lastId(): string | undefined;
  /** Waits for an event of this name, with these fields. */
  event(name: string, fields?: Readonly<Record<string, unknown>>): Promise<LiveMessage>;
}

export interface LiveSocket extends Listening {
  readonly socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(): void;
}

export interface SocketOptions {
  readonly token?: string;
  readonly protocols?: readonly string[];
  readonly lastEventId?: string | undefined;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Connects and waits for the first pulse. A refused handshake rejects with its status in the message. */
export async function openLiveSocket(baseUrl: string, path: string, options: SocketOptions): Promise<LiveSocket> {
  const url = new URL(`/api/v1${path}`, baseUrl.replace("http", "ws"));
  for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
  if (options.lastEventId !== undefined) url.searchParams.set("last_event_id", options.lastEventId);
  const protocols = options.protocols ?? (options.token === undefined ? [] : ["campuspay.v1", `bearer.${options.token}`]);
  const socket = new WebSocket(url, [...protocols], { headers: { ...options.headers } });
  const messages: LiveMessage[] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  socket.on("message", (text) => messages.push(JSON.parse(text.toString()) as LiveMessage));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => {
      socket.on("error", () => undefined);
      resolve();
    });
    socket.once("unexpected-response", (_request, answer) => reject(new Error(`The handshake was answered ${answer.statusCode}`)));
    socket.once("error", reject);
  });
  const listening = listenTo(messages);
  await Promise.race([listening.event("heartbeat"), closed]);
  return { ...listening, socket, closed, close: () => socket.close() };
}

export interface LiveStream extends Listening {
  readonly response: Response;
  readonly ended: Promise<void>;
  /** Everything that came, as it came. */
  text(): string;
  close(): void;
}

/** Reads server-sent events and waits for the first pulse. */
export async function openLiveStream(url: string, headers: Readonly<Record<string, string>>): Promise<LiveStream> {
  const aborting = new AbortController();
  const response = await fetch(url, { headers: { ...headers }, signal: aborting.signal });
  const messages: LiveMessage[] = [];
  let received = "";
  let lastId: string | undefined;
  const take = (block: string) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
    const [event, data, id] = [field("event"), field("data"), field("id")];
    lastId = id ?? lastId;
    if (event !== undefined && data !== undefined) messages.push({ event, data: JSON.parse(data), ...(id === undefined ? {} : { id }) });
    else if (block.startsWith(": heartbeat")) messages.push({ event: "heartbeat", data: {}, ...(id === undefined ? {} : { id }) });
  };
  const read = async () => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const text = decoder.decode(chunk, { stream: true });
      received += text;
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) take(block);
    }
  };
  const ended = read().catch(() => undefined);
  const listening = { ...listenTo(messages), lastId: () => lastId };
  if (response.status === 200) await Promise.race([listening.event("heartbeat"), ended]);
  return { ...listening, response, ended, text: () => received, close: () => aborting.abort() };
}

function listenTo(messages: LiveMessage[]): Listening {
  return {
    messages,
    lastId: () => messages.findLast(({ id }) => id !== undefined)?.id,
    event: (name, fields = {}) =>
      until(`the event ${name} ${JSON.stringify(fields)}`, () =>
        messages.find(({ event, data }) => event === name && Object.entries(fields).every(([field, value]) => data[field] === value)),
      ),
  };
}
