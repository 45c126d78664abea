import { createServer, request } from "node:https";
import { type App, deleteApp, initializeApp } from "firebase-admin/app";
import { getMessaging } from "firebase-admin/messaging";
import { afterEach, expect, test } from "vitest";
import { listenLocally } from "../local/ports.ts";
import { type Sandbox, startSandbox } from "../local/sandbox/server.ts";
import { createFcmAgent } from "./fcm-agent.ts";

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

let appCount = 0;
const firebaseApp = (deadlineMs: number, port: number): App => {
  const app = initializeApp(
    {
      projectId: "campus-pay",
      credential: { getAccessToken: async () => ({ access_token: "sandbox", expires_in: 3_600 }) },
      httpAgent: createFcmAgent({ deadlineMs, standIn: { host: "127.0.0.1", port } }),
    },
    `test-${appCount++}`,
  );
  endings.push(() => deleteApp(app));
  return app;
};

const started = async (): Promise<Sandbox> => {
  const sandbox = await startSandbox({ port: 0, gatewayKey: { id: "key", secret: "secret" } });
  endings.push(() => sandbox.close());
  return sandbox;
};

const setFaults = (sandbox: Sandbox, faults: Record<string, string>) =>
  fetch(`${sandbox.url}/sandbox/faults`, { method: "PUT", body: JSON.stringify(faults) });

const chargePush = {
  token: "phone-1",
  notification: { title: "Café Nord", body: "59.00 SEK" },
  data: { type: "charge", charge_id: "c-1" },
};

test("firebase-admin's send reaches the stand-in, and the push can be read there", async () => {
  const sandbox = await started();
  const name = await getMessaging(firebaseApp(2_000, sandbox.port)).send(chargePush);
  expect(name).toMatch(/^projects\/campus-pay\/messages\/.+/);
  const { items } = (await (await fetch(`${sandbox.url}/sandbox/messages?to=phone-1&channel=push`)).json()) as { items: unknown[] };
  expect(items).toMatchObject([{ to: "phone-1", text: "Café Nord: 59.00 SEK", data: { type: "charge", charge_id: "c-1" } }]);
});

test("a token that is gone is told apart from a failing service", async () => {
  const sandbox = await started();
  const messaging = getMessaging(firebaseApp(2_000, sandbox.port));
  await setFaults(sandbox, { fcm: "unregistered" });
  await expect(messaging.send(chargePush)).rejects.toMatchObject({ code: "messaging/registration-token-not-registered" });
  await setFaults(sandbox, { fcm: "500" });
  await expect(messaging.send(chargePush)).rejects.toMatchObject({ code: "messaging/internal-error" });
});

test("a push that hangs is cut at the deadline and is not sent a second time", async () => {
  const sandbox = await started();
  const messaging = getMessaging(firebaseApp(300, sandbox.port));
  await setFaults(sandbox, { fcm: "hang" });
  const began = performance.now();
  await expect(messaging.send(chargePush)).rejects.toThrow("FCM did not answer within 300 ms");
  expect(performance.now() - began).toBeLessThan(3_000);
  await setFaults(sandbox, { fcm: "ok" });
  await messaging.send({ ...chargePush, token: "phone-2" });
  const { items } = (await (await fetch(`${sandbox.url}/sandbox/messages?channel=push`)).json()) as { items: { to: string }[] };
  expect(items.map((item) => item.to)).toEqual(["phone-2"]);
});

test("a connection is used again, and each push on it has a deadline of its own", async () => {
  const sandbox = await started();
  const agent = createFcmAgent({ deadlineMs: 400, standIn: { host: "127.0.0.1", port: sandbox.port } });
  const app = initializeApp(
    {
      projectId: "campus-pay",
      credential: { getAccessToken: async () => ({ access_token: "sandbox", expires_in: 3_600 }) },
      httpAgent: agent,
    },
    `test-${appCount++}`,
  );
  endings.push(() => deleteApp(app));
  let connections = 0;
  const open = agent.createConnection.bind(agent);
  agent.createConnection = (...args) => {
    connections++;
    return open(...args);
  };
  const began = performance.now();
  while (performance.now() - began < 900) await getMessaging(app).send(chargePush);
  await setFaults(sandbox, { fcm: "hang" });
  await expect(getMessaging(app).send(chargePush)).rejects.toThrow("FCM did not answer within 400 ms");
  expect(connections).toBe(1);
});

test("without a stand-in the agent speaks TLS and checks the certificate", async () => {
  const server = createServer();
  endings.push(() => new Promise((resolve) => server.close(resolve)));
  const port = await listenLocally(server);
  const agent = createFcmAgent({ deadlineMs: 2_000 });
  const failure = await new Promise<Error>((resolve) => request({ host: "127.0.0.1", port, agent }).once("error", resolve).end());
  expect(failure.message).toMatch(/SSL|TLS|handshake/i);
});
