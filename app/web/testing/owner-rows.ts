import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Row } from "./row.ts";
import type { Stage } from "./stage.ts";

interface Item {
  readonly id: string;
  readonly name: string;
  readonly price_minor: number;
  readonly description: string | null;
}

/** A dish of the demo's own café that no other walk orders. */
async function newDish(stage: Stage): Promise<Item> {
  const owner = await stage.staffToken("owner");
  const { items } = await stage.json<{ items: { id: string }[] }>("/api/v1/admin/menu/categories", undefined, owner);
  const dish = { name: `Soppa ${Date.now()}`, category_id: items[0]?.id, price_minor: 6_500, description: "Av morot" };
  return stage.json<Item>("/api/v1/admin/menu/items", dish, owner);
}

const readDish = async (stage: Stage, id: string) =>
  stage.json<Item>(`/api/v1/admin/menu/items/${id}`, undefined, await stage.staffToken("owner"));

const removeDish = async (stage: Stage, id: string) => {
  const headers = await stage.staffToken("owner");
  await fetch(`${stage.base}/api/v1/admin/menu/items/${id}`, { method: "DELETE", headers });
};

const save = (page: Page) => page.getByRole("button", { name: "Save" }).first();

export const ownerRows: readonly Row[] = [
  {
    name: "what an owner typed stays when something else on the page is saved, and a stale second tab takes no price back",
    async run(stage) {
      const dish = await newDish(stage);
      const first = await stage.portalOf("owner");
      await first.goto(`/cafe/menu/${dish.id}`);
      const second = await first.context().newPage();
      await second.goto(`/cafe/menu/${dish.id}`);
      await second.getByLabel("Price", { exact: true }).waitFor();
      await first.getByLabel("Price", { exact: true }).fill("72,50");
      await first.getByRole("button", { name: "Mark as sold out" }).click();
      await first.getByRole("button", { name: "Back on sale" }).click();
      await first.getByRole("button", { name: "Mark as sold out" }).waitFor();
      assert.equal(await first.getByLabel("Price", { exact: true }).inputValue(), "72,50");
      await save(first).click();
      await first.getByText("Saved", { exact: true }).waitFor();
      assert.equal((await readDish(stage, dish.id)).price_minor, 7_250);
      await second.getByLabel("Description").fill("Av rotselleri");
      await save(second).click();
      await second.getByText("Saved", { exact: true }).waitFor();
      const { price_minor, description } = await readDish(stage, dish.id);
      assert.deepEqual({ price_minor, description }, { price_minor: 7_250, description: "Av rotselleri" });
      await first.goto("/cafe/hours");
      const tuesday = first.getByLabel("Tuesday, From");
      if ((await tuesday.count()) === 0) await first.getByLabel("Open whenever orders are switched on").click();
      await tuesday.first().fill("09:30");
      await first.getByRole("button", { name: "15 min" }).click();
      await first.getByRole("button", { name: "Take orders again" }).click();
      await first.getByRole("button", { name: "15 min" }).waitFor();
      assert.equal(await tuesday.first().inputValue(), "09:30");
      await removeDish(stage, dish.id);
      await first.context().close();
      return undefined;
    },
  },
  {
    name: "what is no number is refused at its field and not sent, a number is saved once, and hours that overlap are refused at their day",
    async run(stage) {
      const page = await stage.portalOf("owner");
      const sent: string[] = [];
      page.on("request", (request) => request.method() === "PUT" && sent.push(request.url()));
      await page.goto("/cafe/settings");
      const field = page.getByLabel("Minutes for a portion");
      const before = await field.inputValue();
      await field.fill("abc");
      await field.press("Enter");
      await page.getByText("A whole number from 1 to 120, please. Nothing was saved.").waitFor();
      assert.deepEqual(sent, []);
      const row = page.locator(".setting").filter({ hasText: "Minutes for a portion" });
      await field.fill(before === "7" ? "8" : "7");
      await field.press("Enter");
      await row.getByText("Saved", { exact: true }).waitFor();
      await field.blur();
      assert.equal(sent.length, 1);
      assert.equal(await page.getByText("Saved", { exact: true }).count(), 1);
      await row.getByRole("button", { name: "Take back" }).click();
      await row.getByRole("button", { name: "Take back" }).waitFor({ state: "detached" });
      const own = page.locator("form").filter({ hasText: "Name of the café" });
      await own.getByRole("button", { name: "Save" }).click();
      await own.getByText("Nothing was changed.").waitFor();
      await page.goto("/cafe/hours");
      const tuesday = page.getByLabel("Tuesday, From");
      if ((await tuesday.count()) === 0) await page.getByLabel("Open whenever orders are switched on").click();
      await page.getByRole("button", { name: "Add hours, Tuesday" }).click();
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.locator(".hours-day").filter({ hasText: "Tuesday" }).getByText("These hours overlap.").waitFor();
      assert.equal(await page.getByText("Saved", { exact: true }).count(), 0);
      await page.context().close();
      return undefined;
    },
  },
  {
    name: "a double click on Save makes one dish, and on Enrol one till",
    async run(stage) {
      const name = `Twice ${Date.now()}`;
      const page = await stage.portalOf("owner");
      await page.goto("/cafe/menu/new");
      await page.getByLabel("Name", { exact: true }).fill(name);
      await page.getByLabel("Price", { exact: true }).fill("20");
      await save(page).dblclick();
      await page.getByRole("heading", { name, level: 1 }).waitFor();
      await page.goto("/cafe/devices");
      await page.getByRole("button", { name: "Enrol a till" }).first().click();
      await page.getByLabel("Name", { exact: true }).fill(name);
      await page.getByRole("button", { name: "Enrol", exact: true }).dblclick();
      await page.locator(".secret").first().waitFor();
      const owner = await stage.staffToken("owner");
      const called = async <T extends { name: string }>(list: string) =>
        (await stage.json<{ items: T[] }>(`/api/v1/admin/${list}?limit=100`, undefined, owner)).items.filter((one) => one.name === name);
      const dishes = await called<Item>("menu/items");
      assert.equal(dishes.length, 1);
      assert.equal((await called("devices")).length, 1);
      for (const { id } of dishes) await removeDish(stage, id);
      await page.context().close();
      return undefined;
    },
  },
  {
    name: "an owner finds a sale by the till's own number and by the value of a key, and everything again without them",
    async run(stage) {
      const [device] = stage.start.devices;
      const [reference, shift] = [`TILL-${Date.now()}`, `S${Date.now()}`];
      const body = { items: [{ menu_item_id: stage.item().id, quantity: 1 }], payment: "cash", reference, metadata: { shift } };
      const headers = { Authorization: `Device ${device?.id}.${device?.key}`, "Idempotency-Key": crypto.randomUUID() };
      await stage.send("POST", "/api/v1/pos/sales", body, headers);
      const page = await stage.portalOf("owner");
      await page.goto("/cafe/transactions");
      await page.getByText("Find by reference").click();
      const [named, key, value] = [page.getByLabel("Reference"), page.getByLabel("Key"), page.getByLabel("Its value")];
      await named.fill("TILL-of-nobody");
      await page.getByText("Nothing has this reference.").waitFor();
      await named.fill(reference);
      await page.getByText(`shift: ${shift}`).first().waitFor();
      await named.fill("");
      await key.fill("shift");
      await value.fill(shift);
      await page.getByText(reference).first().waitFor();
      await value.fill("");
      await page.getByRole("button", { name: "View" }).first().waitFor();
      await page.context().close();
      return undefined;
    },
  },
  {
    name: "light, dark and as the device: a tap changes the portal's and the student's look, and no page complains",
    async run(stage) {
      const owner = await stage.portalOf("owner");
      await owner.goto("/cafe/me");
      const phone = await stage.phoneOf(stage.takeStudent());
      await phone.goto("/me");
      for (const page of [owner, phone])
        for (const look of ["Dark", "Light"]) {
          await page.getByRole("button", { name: look, exact: true }).click();
          await page.locator(`html[data-mantine-color-scheme=${look.toLowerCase()}]`).waitFor();
        }
      await Promise.all([owner.context().close(), phone.context().close()]);
      assert.deepEqual(
        stage.complaints.filter((complaint) => complaint.includes("/me:")),
        [],
      );
      return undefined;
    },
  },
];
