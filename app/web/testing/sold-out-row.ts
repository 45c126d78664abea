import assert from "node:assert/strict";
import type { Response } from "playwright-core";
import type { Row } from "./row.ts";

const oldForMs = 500;
const isTap = (answer: Response) => answer.request().method() === "POST" && answer.url().includes("/sold-out");

/** The public menu may be half a second behind: what was tapped meanwhile must not be taken back on the screen. */
export const soldOutRow: Row = {
  name: "dishes that are tapped as sold out one after the other stay so on the kitchen's page, although the menu it reads is half a second old",
  async run(stage) {
    const page = await stage.portalOf("kitchen");
    let before: string | undefined;
    let toldAtMs = 0;
    page.on("response", (answer) => {
      if (isTap(answer)) toldAtMs = performance.now();
    });
    await page.route("**/api/v1/menu/items?*", async (route) => {
      if (before !== undefined && performance.now() - toldAtMs < oldForMs)
        return route.fulfill({ contentType: "application/json", body: before });
      const answer = await route.fetch();
      before ??= await answer.text();
      return route.fulfill({ response: answer });
    });
    await page.goto("/cafe/sold-out");
    const toggles = page.locator(".toggle");
    await toggles.first().waitFor();
    await page.evaluate(() => {
      const takenBack: string[] = [];
      Object.assign(globalThis, { takenBack });
      new MutationObserver((changes) => {
        for (const { target } of changes)
          if (target instanceof HTMLElement && target.getAttribute("aria-pressed") === "false") takenBack.push(target.textContent ?? "");
      }).observe(document.body, { subtree: true, attributeFilter: ["aria-pressed"] });
    });
    try {
      for (const place of [0, 1]) {
        const told = page.waitForResponse(isTap);
        await toggles.nth(place).click();
        assert.equal((await told).status(), 200);
      }
      await page.waitForResponse(
        async (answer) => answer.url().includes("/menu/items?") && (await answer.text()).split('"is_available":false').length > 2,
      );
      const takenBack = await page.evaluate(() => (globalThis as unknown as { takenBack: string[] }).takenBack);
      assert.deepEqual(takenBack, []);
      assert.equal(await page.locator(".toggle[aria-pressed=true]").count(), 2);
    } finally {
      const allowed = await stage.staffToken("kitchen");
      for (const place of [0, 1])
        await stage.json(`/api/v1/admin/menu/items/${stage.item(place).id}/sold-out`, { is_sold_out: false }, allowed);
      await page.context().close();
    }
    return undefined;
  },
};
