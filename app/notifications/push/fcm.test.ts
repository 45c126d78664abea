import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listenLocally } from "../../local/ports.ts";
import { createBreaker } from "../../platform/breaker.ts";
import { createFcmSender } from "./fcm.ts";

/** Who each push was sent as. */
const senders: string[] = [];
const fcm = createServer((request, response) => {
  senders.push(request.headers.authorization ?? "");
  request.resume();
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ name: `projects/p/messages/${senders.length}` }));
});

beforeAll(() => listenLocally(fcm));
afterAll(() => {
  fcm.closeAllConnections();
  fcm.close();
});

const push = { token: "phone", title: "Nord", body: "Pay", data: {}, lifeMs: 30_000, tag: "c-1" };

test("pushes that begin at once all go out under one account, and a rotated account is used from the next push on", async () => {
  let account = "first";
  const sender = createFcmSender({
    projectId: "p",
    account: async () => account,
    credentialOf: async (name) => ({ getAccessToken: async () => ({ access_token: `of-${name}`, expires_in: 3_600 }) }),
    standIn: { host: "127.0.0.1", port: (fcm.address() as AddressInfo).port },
    breaker: createBreaker({ name: "FCM", failures: 5, restMs: 1_000 }),
    deadlineMs: 5_000,
  });
  expect(await Promise.all([1, 2, 3].map(() => sender.send(push)))).toEqual(["accepted", "accepted", "accepted"]);
  account = "second";
  await sender.send(push);
  expect(senders).toEqual(["Bearer of-first", "Bearer of-first", "Bearer of-first", "Bearer of-second"]);
});
