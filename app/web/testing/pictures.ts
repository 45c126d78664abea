import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { liven, takePortalPictures } from "./portal-pictures.ts";
import { payAndTillSays } from "./row.ts";
import type { Look, Stage } from "./stage.ts";

// The demo campus is in Stockholm, and so are those who look at it.
const timezoneId = "Europe/Stockholm";
const looks: readonly (Look & { readonly name: string })[] = [
  { name: "sv-light", language: "sv", colorScheme: "light", timezoneId },
  { name: "it-dark", language: "it", colorScheme: "dark", timezoneId },
  { name: "en-light", language: "en", colorScheme: "light", timezoneId },
];

const pictureQuality = 62;

/** The café's cashier begins at the till and locks it. */
async function takeLock(stage: Stage, till: Page): Promise<void> {
  const cashier = stage.start.staff.find(({ role, cafe_id }) => role === "cashier" && cafe_id === stage.cafeId);
  await till.locator(".screen-paid .button").click();
  await till.locator(".till-menu").first().click();
  await till.locator("[name=user]").fill(cashier?.username ?? "");
  await till.locator("[name=password]").fill(cashier?.password ?? "");
  await till.locator("[name=pin]").fill("4071");
  await till.locator("dialog [type=submit]").click();
  await till.locator("dialog").waitFor({ state: "detached" });
  await till.locator(".till-menu").first().click();
  await till.locator("dialog .till-button").first().click();
  await till.locator(".lock").waitFor();
}

/** The main screens, in three looks, into a folder of the docs. */
export async function takePictures(stage: Stage, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  let taken = 0;
  const keep = async (png: Buffer, name: string) => {
    await sharp(png)
      .webp({ quality: pictureQuality, effort: 6 })
      .toFile(path.join(folder, `${name}.webp`));
    taken += 1;
  };
  const take = async (page: Page, name: string) => {
    await page.locator(".bone").first().waitFor({ state: "detached" });
    // Nothing is pointed at, and what is in sight has come.
    await page.mouse.move(0, 0);
    await page.evaluate(() =>
      Promise.all([
        document.fonts.ready,
        ...document.getAnimations().map((animation) => animation.finished.catch(() => undefined)),
        ...[...document.images]
          .filter((image) => image.getBoundingClientRect().top < innerHeight)
          .map((image) => image.decode().catch(() => undefined)),
      ]).then(() => undefined),
    );
    await keep(await page.screenshot({ animations: "disabled" }), name);
  };
  await liven(stage);
  for (const { name, ...look } of looks) {
    const till = await stage.till(look);
    await take(till, `till-idle-${name}`);
    const student = stage.takeStudent();
    const page = await stage.phoneOf(student, look);
    await page.goto("/");
    await page.locator(".cafe-shelf img").first().waitFor();
    await take(page, `home-${name}`);
    await page.goto(`/c/${stage.cafeId}`);
    await page.locator(".dish img").first().waitFor();
    await take(page, `menu-${name}`);
    await page.locator(".dish").nth(1).click();
    await page.locator(".option").first().waitFor();
    await take(page, `dish-${name}`);
    await page.locator(".sheet-foot .button").click();
    await page.locator(".basket-bar").click();
    await page.locator(".basket-line").waitFor();
    await take(page, `basket-${name}`);
    const orderId = await stage.order(student);
    await page.goto(`/orders/${orderId}`);
    await page.locator(".notice-wait").first().waitFor();
    await take(page, `order-${name}`);
    await stage.scan(till, student);
    await till.locator(".match").waitFor();
    await page.locator(".pay-yes").waitFor();
    await take(page, `pay-${name}`);
    await take(till, `till-waiting-${name}`);
    await page.locator(".digits-input").fill((await till.locator(".match").textContent()) ?? "");
    await payAndTillSays(page.locator(".pay-yes"), till);
    await keep(await till.screenshot({ animations: "disabled" }), `till-paid-${name}`);
    await takeLock(stage, till);
    await take(till, `till-locked-${name}`);
    await page.locator(".outcome-paid").waitFor();
    await take(page, `paid-${name}`);
    await page.goto("/receipts");
    await page.locator(".verdict").waitFor();
    await take(page, `receipt-${name}`);
    const regular = await stage.phoneOf(stage.start.students[0] ?? student, look);
    await regular.goto("/orders");
    await regular.locator("main li a").first().waitFor();
    await take(regular, `orders-${name}`);
    await regular.goto("/wallet");
    await regular.locator(".statement-line").first().waitFor();
    await take(regular, `month-${name}`);
    await regular.context().close();
    await page.goto("/wallet");
    await page.locator(".statement-line").first().waitFor();
    await take(page, `wallet-${name}`);
    await Promise.all([page.context().close(), till.context().close()]);
    await takePortalPictures(stage, look, name, take);
  }
  const demo = await (await stage.context({ viewport: { width: 1440, height: 900 }, timezoneId })).newPage();
  await demo.goto("/demo/");
  await demo.frameLocator(".demo-phone iframe").locator(".dish img").first().waitFor({ timeout: 45_000 });
  await take(demo, "demo");
  await demo.context().close();
  return `${taken} of them in ${folder}`;
}
