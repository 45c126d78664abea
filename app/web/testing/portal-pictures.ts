import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import type { Look, Stage } from "./stage.ts";

type Take = (page: Page, name: string) => Promise<void>;

const desk = { width: 1280, height: 900 };
const tablet = { width: 1024, height: 768 };
const phone = { width: 390, height: 844 };
const laterMs = 5 * 60_000;

/** What the portal's pictures show: orders of several dishes, one that waits for its payment, and a correction that waits for a second person. */
export async function liven(stage: Stage): Promise<void> {
  for (const [quantity, place] of [
    [1, 0],
    [2, 3],
    [1, 6],
    [1, 1],
    [3, 4],
    [1, 7],
  ] as const)
    await stage.paidOrder(stage.takeStudent(), quantity, place);
  await stage.order(stage.takeStudent(), 2, 2);
  await stage.bulkCredit();
  await stage.json(
    "/api/v1/admin/adjustments",
    { student_id: stage.takeStudent().id, amount_minor: 12_500, currency: "SEK", reason: "The card reader at the library took it twice" },
    { ...(await stage.staffToken("finance")), "Idempotency-Key": randomUUID() },
  );
}

export async function takePortalPictures(stage: Stage, look: Look, name: string, take: Take): Promise<void> {
  const visitor = await (await stage.context({ ...look, viewport: phone })).newPage();
  await visitor.goto("/cafe/login");
  await visitor.locator(".demo-logins").waitFor();
  await take(visitor, `portal-login-${name}`);
  await visitor.context().close();
  await takeOwner(stage, look, name, take);
  await takeKitchen(stage, look, name, take);
  const admin = await stage.portalOf("admin", { ...look, viewport: desk });
  for (const page of ["now", "approve", "students", "ledger", "cafes", "reconciliation"]) {
    await admin.goto(`/cafe/${page}`);
    await admin.locator("main h1").waitFor();
    await admin.locator("main [aria-busy=true]").first().waitFor({ state: "detached" });
    await take(admin, `${page}-${name}`);
  }
  await admin.context().close();
  const finance = await stage.portalOf("finance", { ...look, viewport: desk });
  for (const page of ["bulk-credits", "bank"]) {
    await finance.goto(`/cafe/${page}`);
    await finance.locator("main h1").waitFor();
    await take(finance, `${page}-${name}`);
  }
  await finance.context().close();
}

async function takeOwner(stage: Stage, look: Look, name: string, take: Take): Promise<void> {
  const owner = await stage.portalOf("owner", { ...look, viewport: desk });
  await owner.goto("/cafe/menu");
  await owner.locator(".dish-row img").first().waitFor();
  await take(owner, `portal-menu-${name}`);
  await owner.goto(`/cafe/menu/${stage.item(3).id}`);
  await owner.locator(".photo-wide img").waitFor();
  await take(owner, `portal-dish-${name}`);
  await owner.goto("/cafe/tables");
  await owner.locator(".table-actions .button").first().click();
  await owner.locator(".table-code-image").waitFor();
  await take(owner, `portal-table-${name}`);
  for (const page of ["devices", "customers", "transactions", "settings", "staff", "settlements", "shifts", "refunds"]) {
    await owner.goto(`/cafe/${page}`);
    await owner.locator("main h1").waitFor();
    await take(owner, `portal-${page}-${name}`);
  }
  await owner.goto("/cafe/reports");
  await owner.locator(".figure").first().waitFor();
  await take(owner, `portal-sales-${name}`);
  await owner.locator("main .segments button").nth(5).click();
  await owner.locator(".ranking").waitFor();
  await take(owner, `portal-dishes-${name}`);
  await owner.setViewportSize(tablet);
  await owner.goto("/cafe/plan");
  await owner.locator(".heat").waitFor();
  await take(owner, `portal-plan-${name}`);
  await owner.setViewportSize(phone);
  await owner.goto("/cafe/hours");
  await owner.locator(".card").first().waitFor();
  await take(owner, `portal-hours-${name}`);
  await owner.context().close();
}

async function takeKitchen(stage: Stage, look: Look, name: string, take: Take): Promise<void> {
  const kitchen = await stage.portalOf("kitchen", { ...look, viewport: { width: 1440, height: 900 } });
  // A few minutes later, so that the first orders have waited.
  await kitchen.clock.setSystemTime(Date.now() + laterMs);
  await kitchen.goto("/cafe/board");
  await kitchen.locator(".board-start").click();
  const fresh = () => kitchen.locator(".board-column").nth(0).locator(".kitchen-ticket:not(.kitchen-waiting) .kitchen-next").first();
  for (let order = 0; order < 3; order += 1) await fresh().click();
  await kitchen.locator(".board-column").nth(1).locator(".kitchen-next").first().click();
  await stage.paidOrder(stage.takeStudent(), 1, 5);
  await kitchen.locator(".board-new").waitFor();
  await take(kitchen, `board-${name}`);
  await kitchen.setViewportSize(phone);
  await take(kitchen, `board-phone-${name}`);
  await kitchen.setViewportSize(tablet);
  await kitchen.goto("/cafe/sold-out");
  await kitchen.locator(".toggle").nth(2).click();
  await kitchen.locator(".toggle[aria-pressed=true]").waitFor();
  await take(kitchen, `portal-sold-out-${name}`);
  const allowed = await stage.staffToken("kitchen");
  for (let place = 0; place < stage.dishes; place += 1)
    await stage.json(`/api/v1/admin/menu/items/${stage.item(place).id}/sold-out`, { is_sold_out: false }, allowed);
  await kitchen.context().close();
}
