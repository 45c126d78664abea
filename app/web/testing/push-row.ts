import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { BrowserContext } from "playwright-core";
import type { Row } from "./row.ts";
import type { DemoStudent, Stage } from "./stage.ts";

interface PushMessage {
  readonly text: string;
  readonly data?: { readonly charge_id?: string };
}

/**
 * The two doors of Firebase that a page speaks to, as its SDK's requests are documented, refusals included; and the browser vendor's push
 * service, which has no address here, as the object that `subscribe` would give.
 */
async function standInForFirebase(context: BrowserContext, token: string): Promise<string[]> {
  const refused: string[] = [];
  const answers = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*", "Access-Control-Allow-Methods": "*" };
  await context.route("https://firebaseinstallations.googleapis.com/v1/projects/*/installations", (route) => {
    const request = route.request();
    if (request.method() === "OPTIONS") return route.fulfill({ status: 204, headers: answers });
    const { appId } = request.postDataJSON() as { appId?: string };
    if (!request.headers()["x-goog-api-key"] || !appId) {
      refused.push("installation without a key or an app");
      return route.fulfill({
        status: 400,
        headers: answers,
        json: { error: { code: 400, status: "INVALID_ARGUMENT", message: "no key" } },
      });
    }
    const authToken = { token: "auth-token-of-the-installation", expiresIn: "604800s" };
    return route.fulfill({ headers: answers, json: { name: "x", fid: "cAmPuSpAyWaLk0123456789", refreshToken: "2_refresh", authToken } });
  });
  await context.route("https://fcmregistrations.googleapis.com/v1/projects/**", (route) => {
    const request = route.request();
    if (request.method() === "OPTIONS") return route.fulfill({ status: 204, headers: answers });
    if (request.method() === "DELETE") return route.fulfill({ headers: answers, json: {} });
    const { web } = request.postDataJSON() as { web?: { endpoint?: string; auth?: string; p256dh?: string } };
    if (!request.headers()["x-goog-firebase-installations-auth"] || !web?.endpoint || !web.auth || !web.p256dh) {
      refused.push("registration without an installation or a subscription");
      return route.fulfill({
        status: 400,
        headers: answers,
        json: { error: { code: 400, status: "INVALID_ARGUMENT", message: "no web" } },
      });
    }
    return route.fulfill({ headers: answers, json: { token } });
  });
  await context.addInitScript(() => {
    let held: object | null = null;
    const keyOf = (length: number) => new Uint8Array(length).fill(7).buffer;
    PushManager.prototype.getSubscription = async () => held as PushSubscription | null;
    PushManager.prototype.subscribe = async (options) => {
      if (!options?.userVisibleOnly || !options.applicationServerKey) throw new DOMException("no key", "InvalidAccessError");
      held = {
        endpoint: "https://push.example/subscription",
        expirationTime: null,
        options,
        getKey: (name: string) => keyOf(name === "auth" ? 16 : 65),
        unsubscribe: async () => {
          held = null;
          return true;
        },
      };
      return held as PushSubscription;
    };
  });
  return refused;
}

async function scanFor(stage: Stage, student: DemoStudent): Promise<string> {
  const [device] = stage.start.devices;
  const order_id = await stage.order(student);
  const { charge } = await stage.json<{ charge: { id: string } }>(
    "/api/v1/pos/scans",
    { scan_id: randomUUID(), card_uid: student.card_uid, order_id },
    { Authorization: `Device ${device?.id}.${device?.key}` },
  );
  return charge.id;
}

const pushesTo = async (stage: Stage, token: string): Promise<readonly PushMessage[]> =>
  (await stage.json<{ items: PushMessage[] }>(`/sandbox/messages?${new URLSearchParams({ to: token, channel: "push" })}`)).items;

export const pushRow: Row = {
  name: "a student turns pushes on in the browser: a scan rings there with the way to its question, and no more once they are off or somebody logged out",
  async run(stage) {
    const student = stage.takeStudent();
    const { web_app } = await stage.json<{ web_app: unknown }>("/api/v1/users/device-token/browser", undefined, {
      Authorization: `Bearer ${await stage.token(student)}`,
    });
    if (web_app === null) return "not seen: this system was started without FCM_WEB_APP, so its pages have no such switch";
    const token = `walk-${randomUUID()}`;
    const page = await stage.phoneOf(student, { permissions: ["notifications"] });
    const refused = await standInForFirebase(page.context(), token);
    await page.goto("/me");
    const here = page.getByRole("switch", { name: "On this phone" });
    await here.waitFor();
    assert.equal(await here.isChecked(), false);
    await here.click();
    await stage.until(() => here.isChecked());
    assert.deepEqual(refused, []);

    const chargeId = await scanFor(stage, student);
    await stage.until(async () => (await pushesTo(stage, token)).some(({ data }) => data?.charge_id === chargeId));
    // The open question takes the page with it, also behind a reload: answered first.
    await page.waitForURL(/\/pay\//);
    await stage.json(`/api/v1/charges/${chargeId}/decline`, {}, { Authorization: `Bearer ${await stage.token(student)}` });
    await page.goto("/me");
    await here.waitFor();
    assert.equal(await here.isChecked(), true, "the switch forgets");

    await here.click();
    await stage.until(async () => !(await here.isChecked()));
    const before = (await pushesTo(stage, token)).length;
    const other = stage.takeStudent();
    const otherToken = `walk-${randomUUID()}`;
    const second = await stage.phoneOf(other, { permissions: ["notifications"] });
    await standInForFirebase(second.context(), otherToken);
    await second.goto("/me");
    const there = second.getByRole("switch", { name: "On this phone" });
    await there.click();
    await stage.until(() => there.isChecked());
    // What rings at the second phone says that the worker has come past the first one's charge as well.
    await scanFor(stage, student);
    const rung = await scanFor(stage, other);
    await stage.until(async () => (await pushesTo(stage, otherToken)).some(({ data }) => data?.charge_id === rung));
    assert.equal((await pushesTo(stage, token)).length, before, "it rang at a phone whose pushes are off");

    const told = second.waitForRequest((request) => request.method() === "DELETE" && request.url().endsWith("/users/device-token"));
    await second.waitForURL(/\/pay\//);
    await stage.json(`/api/v1/charges/${rung}/decline`, {}, { Authorization: `Bearer ${await stage.token(other)}` });
    await second.goto("/me");
    await second.getByRole("button", { name: "Log out" }).click();
    await told;
    await second.waitForURL(({ pathname }) => pathname === "/");
    assert.equal(await second.evaluate(() => localStorage.getItem("campus.student.push-token")), null);
    await second.context().close();
    await page.context().close();
    return undefined;
  },
};
