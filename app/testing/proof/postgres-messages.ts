/** One message of PostgreSQL's protocol, its head included. The first one of a client has no type. */
export interface WireMessage {
  readonly type: string;
  readonly bytes: Buffer;
}

const firstMessage = "";

/** Cuts a stream of bytes into messages: call it with each chunk, it gives those that are complete. */
export function messageReader(from: "client" | "server"): (chunk: Buffer) => WireMessage[] {
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = from === "client";
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const messages: WireMessage[] = [];
    for (;;) {
      const headBytes = isFirst ? 4 : 5;
      if (rest.length < headBytes) return messages;
      const length = rest.readInt32BE(headBytes - 4) + (isFirst ? 0 : 1);
      if (rest.length < length) return messages;
      messages.push({ type: isFirst ? firstMessage : rest.toString("latin1", 0, 1), bytes: rest.subarray(0, length) });
      rest = rest.subarray(length);
      isFirst = false;
    }
  };
}

/** Remembers what was prepared on one connection, so that the text of what is about to run is known. */
export function statementReader(): (message: WireMessage) => string | undefined {
  const prepared = new Map<string, string>();
  return ({ type, bytes }) => {
    if (type === "Q") return textAt(bytes, 5).text;
    if (type === "P") {
      const name = textAt(bytes, 5);
      prepared.set(name.text, textAt(bytes, name.end).text);
    }
    if (type !== "B") return undefined;
    const portal = textAt(bytes, 5);
    return prepared.get(textAt(bytes, portal.end).text);
  };
}

/** The same Parse message with another text of the statement. */
export function withStatement(message: WireMessage, change: (statement: string) => string): WireMessage {
  const name = textAt(message.bytes, 5);
  const statement = textAt(message.bytes, name.end);
  const text = Buffer.from(change(statement.text), "utf8");
  const body = Buffer.concat([message.bytes.subarray(5, name.end), text, message.bytes.subarray(statement.end - 1)]);
  const head = Buffer.alloc(5);
  head.write("P", "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return { type: "P", bytes: Buffer.concat([head, body]) };
}

function textAt(bytes: Buffer, start: number): { readonly text: string; readonly end: number } {
  const zero = bytes.indexOf(0, start);
  return { text: bytes.toString("utf8", start, zero), end: zero + 1 };
}

// Sync and simple Query: the server answers, and commits what stood alone, when it has these. Terminate, password and the first message go at once too.
const closing = new Set(["S", "Q", "X", "p", firstMessage]);

export const closesUnit = ({ type }: WireMessage): boolean => closing.has(type);

/** The server is ready for the next statement: whatever it was asked before is committed or rolled back. */
export const isReady = ({ type }: WireMessage): boolean => type === "Z";
