import { randomUUID } from "node:crypto";
import { json } from "node:stream/consumers";
import { pause } from "../process.ts";
import { type HttpConnection, openConnection } from "./http-connection.ts";
import type { Payer, PayLoad, PayMessage } from "./pay-load.ts";

// Pays from a process of its own, so that it does not share the event loop of what is measured.
const load = (await json(process.stdin)) as PayLoad;
const tell = (message: PayMessage) => new Promise<void>((resolve) => process.send?.(message, () => resolve()));

let nextPayer = 0;
let confirmMs: number[] = [];
let flows = 0;
let dropped = 0;
let stopping = false;

/** The till scans the card, the phone reads what it is asked, the student confirms. */
async function pay(connection: HttpConnection): Promise<void> {
  const payer = load.payers[nextPayer];
  if (!payer) throw new Error(`All ${load.payers.length} students have paid: prepare more orders.`);
  nextPayer += 1;
  const { method, path, body } = payer.request ?? confirmOf(payer.charge ?? (await openCharge(connection, payer)));
  const startedAtMs = performance.now();
  const answer = await ask<object>(connection, method, path, payer.token, body);
  if (payer.refused !== undefined && payer.refused in answer) throw new Error(`${path} was answered ${JSON.stringify(answer)}`);
  confirmMs.push(performance.now() - startedAtMs);
  flows += 1;
}

const confirmOf = ({ id, digest, matchCode }: NonNullable<Payer["charge"]>): NonNullable<Payer["request"]> => ({
  method: "POST",
  path: `/api/v1/charges/${id}/confirm`,
  body: JSON.stringify({ digest, number_match: matchCode }),
});

async function openCharge(connection: HttpConnection, payer: Payer) {
  const { charge, match_code } = await scan(connection, payer);
  const { digest } = await ask<{ digest: string }>(connection, "GET", `/api/v1/charges/${charge.id}`, payer.token);
  return { id: charge.id, digest, matchCode: match_code };
}

const scan = (connection: HttpConnection, { cardUid, till }: Payer) =>
  ask<{ charge: { id: string }; match_code: string }>(
    connection,
    "POST",
    "/api/v1/pos/scans",
    till,
    JSON.stringify({ scan_id: randomUUID(), card_uid: cardUid }),
  );

async function ask<Body>(connection: HttpConnection, method: string, path: string, authorization: string, text?: string): Promise<Body> {
  const { status, body } = await connection.send(method, path, authorization, text);
  if (status !== 200 && status !== 201) throw new Error(`${method} ${path} was answered ${status}: ${body}`);
  return JSON.parse(body) as Body;
}

async function payOnAndOn(connection: HttpConnection): Promise<void> {
  while (!stopping) await pay(connection);
}

/** Begins what is due at each tick of the clock; a payment that finds no connection is counted, not put off. */
async function payAsTheyCome(connections: readonly HttpConnection[], perSecond: number): Promise<void> {
  const idle = [...connections];
  const running = new Set<Promise<void>>();
  const startedAtMs = performance.now();
  for (let begun = 0; !stopping; await pause(1)) {
    for (const due = ((performance.now() - startedAtMs) / 1000) * perSecond; begun < due; begun += 1) {
      // The one that has rested longest: the server closes a connection that says nothing for ten seconds.
      const connection = idle.shift();
      if (!connection) dropped += 1;
      else {
        const flow = pay(connection).then(() => void idle.push(connection));
        running.add(flow);
        flow.then(
          () => running.delete(flow),
          () => stop(flow),
        );
      }
    }
  }
  await Promise.all(running);
}

/** What failed is thrown where the running ones are awaited. */
function stop(_failed: Promise<void>): void {
  stopping = true;
}

const connections = await Promise.all(
  Array.from({ length: load.connections }, (_, index) => openConnection(load.ports[index % load.ports.length] ?? 0)),
);
const { arrivalsPerSecond } = load;
const paying = arrivalsPerSecond === undefined ? Promise.all(connections.map(payOnAndOn)) : payAsTheyCome(connections, arrivalsPerSecond);
const measuring = (async () => {
  await pause(load.warmUpMs);
  const openedAtMs = performance.now();
  [flows, confirmMs, dropped] = [0, [], 0];
  await tell({ kind: "window opens" });
  await pause(load.windowMs);
  const seconds = (performance.now() - openedAtMs) / 1000;
  await tell({ kind: "window closes", flows, seconds, confirmMs, dropped });
  stopping = true;
})();
await Promise.all([paying, measuring]);
for (const connection of connections) connection.close();
process.disconnect?.();
