import assert from "node:assert/strict";
import type { Row } from "./row.ts";

export const meRow: Row = {
  name: "who is new is written to in the language that the page was read in, and the name that is saved on the own page stands after a reload",
  async run(stage) {
    const page = await (await stage.context({ language: "sv" })).newPage();
    const newcomer = `+4678${String(Date.now()).slice(-7)}`;
    await page.goto("/login?to=/me");
    await page.getByLabel("Telefonnummer").fill(newcomer);
    await page.getByRole("button", { name: "Skicka en kod" }).click();
    await page.getByLabel("Koden i meddelandet").fill(await stage.firstCodeOf(newcomer));
    const language = page.getByLabel("Språk");
    await language.waitFor();
    await stage.until(async () => (await language.inputValue()) === "sv");
    await page.getByLabel("Namn").fill("Kim Nygren");
    await page.getByRole("button", { name: "Spara" }).first().click();
    await page.getByRole("button", { name: "Sparat" }).first().waitFor();
    await page.reload();
    assert.equal(await page.getByLabel("Namn").inputValue(), "Kim Nygren");
    await page.context().close();
    return undefined;
  },
};
