import assert from "node:assert/strict";
import type { Row } from "./row.ts";
import type { Stage } from "./stage.ts";

/** The API's own page: drawn without the rest of the world, its logins give a session, and what is tried is answered. */
export const referenceRow: Row = {
  name: "the API reference asks nobody else, logs in at one tap and sends a request that is answered",
  run: async (stage: Stage) => {
    const page = await (await stage.context({ viewport: { width: 1280, height: 860 } })).newPage();
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(stage.base) && !request.url().startsWith("data:")) elsewhere.push(request.url());
    });
    await page.goto("/docs#tag/wallet/GET/api/v1/wallet");
    const logins = page.getByRole("group", { name: "Log in to the sandbox" });
    // Five megabytes of script are read first: on a busy machine that takes its time.
    await logins.getByRole("button", { name: "student" }).click({ timeout: 90_000 });
    await page.getByText("requests are sent as student").waitFor();
    const endpoint = page.getByRole("region", { name: /^What the student has and may spend/ }).first();
    await endpoint.getByRole("button", { name: /Test Request/ }).click();
    const answered = page.waitForResponse((answer) => new URL(answer.url()).pathname === "/api/v1/wallet");
    await page.getByRole("button", { name: /^Send/ }).first().click();
    assert.equal((await answered).status(), 200);
    await page.getByText("balance_minor").last().waitFor();
    await page.keyboard.press("Escape");
    assert.deepEqual(elsewhere, []);
    await page.context().close();
    return undefined;
  },
};

const builtWithinMs = 600_000;

/** Built beside the started system at the lowest priority: waited for, and then read. */
export const guideRow: Row = {
  name: "the guide is found by its search and asks nobody else",
  run: async (stage: Stage) => {
    const endsAtMs = performance.now() + builtWithinMs;
    while ((await fetch(`${stage.base}/guide/`)).status === 503) {
      if (performance.now() > endsAtMs) throw new Error("The guide was not built in time.");
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    const page = await (await stage.context({ viewport: { width: 1280, height: 860 } })).newPage();
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(stage.base) && !request.url().startsWith("data:")) elsewhere.push(request.url());
    });
    await page.goto("/guide/");
    await page
      .getByRole("button", { name: /search/i })
      .first()
      .click();
    await page.locator("#localsearch-input").fill("payment method");
    await page
      .getByRole("option", { name: /Add a payment method/ })
      .first()
      .click();
    await page.getByRole("heading", { level: 1, name: /Add a payment method/ }).waitFor();
    await page.goto("/guide/flow.html");
    await page.getByRole("heading", { level: 1, name: /From the scan to the receipt/ }).waitFor();
    const drawing = page.locator(".drawing img");
    assert.ok(await drawing.evaluate(async (image: HTMLImageElement) => image.decode().then(() => image.naturalWidth > 1_000)));
    assert.deepEqual(elsewhere, []);
    await page.context().close();
    return undefined;
  },
};
