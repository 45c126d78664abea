import { connect, createServer } from "node:net";

// A network between the clients and the database, as a process of its own: node delaying-wire.ts TARGET_PORT DELAY_MS.
// Each packet towards the server waits; the way back is direct, since a Node timer is no shorter than a millisecond.
const [target = 0, delayMs = 1] = process.argv.slice(2).map(Number);

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ host: "127.0.0.1", port: target, noDelay: true });
  client.on("data", (chunk) => setTimeout(() => upstream.write(chunk), delayMs));
  upstream.on("data", (chunk) => client.write(chunk));
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
});
server.listen(0, "127.0.0.1", () => process.send?.(server.address()));
process.on("disconnect", () => process.exit(0));
