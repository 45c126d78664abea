import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import type { Row } from "./row.ts";
import type { Stage } from "./stage.ts";

const portalWorker = "/cafe/sw.js";

/** The started system behind an address of its own, which serves another worker of the portal once a release is told. */
async function standBefore(base: string) {
  let release = 0;
  const server = createServer(async (request, response) => {
    const answer = await fetch(base + request.url, { redirect: "manual" });
    const body = Buffer.from(await answer.arrayBuffer());
    const headers = Object.fromEntries(answer.headers);
    for (const name of ["content-encoding", "content-length", "transfer-encoding", "etag"]) delete headers[name];
    response.writeHead(answer.status, headers);
    response.end(request.url === portalWorker && release > 0 ? `${body}\n// release ${release}` : body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    releaseAnother: () => {
      release += 1;
    },
    close: () => void server.close().closeAllConnections(),
  };
}

/** Until the worker of this page's own scope has taken its place: what would be told wrongly is told by then. */
const settled = (page: Page, scope: string) =>
  page.evaluate(async (address) => {
    // getRegistration("/cafe/") answers with the worker of "/" until the portal has its own.
    const own = (one: ServiceWorkerRegistration) => new URL(one.scope).pathname === address;
    const state = async () => (await navigator.serviceWorker.getRegistrations()).find(own)?.active?.state;
    for (let attempt = 0; attempt < 200 && (await state()) !== "activated"; attempt += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    if ((await state()) !== "activated") throw new Error(`No worker of ${address} became active.`);
  }, scope);

export const updateRow: Row = {
  name: "whoever comes from the student's app to the portal is told of no new version; a release is told, and taken at one tap",
  async run(stage: Stage) {
    const front = await standBefore(stage.base);
    const context = await stage.context({ baseURL: front.base, viewport: { width: 1280, height: 860 } });
    try {
      const page = await context.newPage();
      await page.goto("/");
      await settled(page, "/");
      await page.goto("/cafe/");
      await settled(page, "/cafe/");
      await page.locator("h1").first().waitFor();
      assert.equal(await page.locator(".update-bar").count(), 0, "the first visit is told of a new version");
      front.releaseAnother();
      // Loaded while no worker of the portal was there: it is the one that no "controllerchange" reaches.
      await page.evaluate(async () => (await navigator.serviceWorker.getRegistration("/cafe/"))?.update());
      await page.locator(".update-bar").waitFor();
      await Promise.all([page.waitForEvent("load"), page.locator(".update-bar button").click()]);
      await settled(page, "/cafe/");
      assert.equal(await page.locator(".update-bar").count(), 0, "the release that was taken is told again");
      const [second] = await Promise.all([context.newPage(), front.releaseAnother()]);
      await second.goto("/cafe/");
      await second.locator(".update-bar").waitFor();
      await Promise.all([second.waitForEvent("load"), second.locator(".update-bar button").click()]);
      await second.locator("h1").first().waitFor();
      assert.equal(await second.locator(".update-bar").count(), 0);
    } finally {
      await context.close();
      front.close();
    }
    return undefined;
  },
};
