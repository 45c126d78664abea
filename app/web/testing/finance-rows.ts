import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Row } from "./row.ts";
import type { DemoStudent, Stage } from "./stage.ts";

interface Checkout {
  readonly razorpay_order_id: string;
  readonly razorpay_payment_id: string;
  readonly razorpay_signature: string;
}

/** A top-up that this student paid, and whose bank asks for the money back. */
export async function disputedTopUp(stage: Stage, student: DemoStudent, amountMinor: number): Promise<void> {
  const bearer = { Authorization: `Bearer ${await stage.token(student)}` };
  const begun = await stage.json<{ gateway_order_id: string }>(
    "/api/v1/wallet/top-ups",
    { amount_minor: amountMinor },
    { ...bearer, "Idempotency-Key": randomUUID() },
  );
  const paid = await stage.json<Checkout>("/sandbox/gateway/pay", { order_id: begun.gateway_order_id, outcome: "captured" });
  const checkout = { gateway_order_id: paid.razorpay_order_id, payment_id: paid.razorpay_payment_id, signature: paid.razorpay_signature };
  await stage.json("/api/v1/payments/verify", checkout, bearer);
  await stage.json("/sandbox/gateway/disputes", { payment_id: paid.razorpay_payment_id });
  const finance = await stage.staffToken("finance");
  const listed = () => stage.json<{ items: { payment_id: string }[] }>("/api/v1/admin/disputes?limit=100", undefined, finance);
  await stage.until(async () => (await listed()).items.some(({ payment_id }) => payment_id === paid.razorpay_payment_id));
}

export const financeRows: readonly Row[] = [
  {
    name: "a correction is asked for by phone or card and names the student before its amount; whoever decides reads the same name",
    async run(stage) {
      const student = stage.takeStudent();
      const reason = `The reader took it twice ${Date.now()}`;
      const asker = await stage.portalOf("finance");
      await asker.goto("/cafe/approve");
      await asker.getByRole("button", { name: "Ask for a correction" }).click();
      const dialog = asker.locator("dialog[open]");
      const say = async (said: string) => {
        await dialog.getByLabel("Phone, student number or card number").fill(said);
        await dialog.getByRole("button", { name: "Find the student" }).click();
      };
      await say("nobody at all");
      await dialog.getByText("No student has this phone").waitFor();
      await say(student.card_uid);
      const known = dialog.locator(".found-student").filter({ hasText: student.phone });
      await known.waitFor();
      await dialog.getByRole("button", { name: "Another student" }).click();
      await say(student.phone);
      await known.waitFor();
      const name = ((await known.textContent()) ?? "").split(" · ")[0] ?? "";
      assert.ok(name !== "" && !name.startsWith("+"), `the student is called ${name}`);
      await dialog.getByLabel(/^Amount/).fill("125");
      await dialog.getByLabel("Reason").fill(reason);
      await dialog.getByRole("button", { name: "Ask", exact: true }).click();
      const waiting = asker.locator(".waiting").filter({ hasText: reason });
      await waiting.getByText("You asked for this: somebody else decides.").waitFor();
      const second = await stage.portalOf("finance", {}, 1);
      await second.goto("/cafe/approve");
      const card = second.locator(".waiting").filter({ hasText: reason });
      await card.getByText(name).waitFor();
      await card.getByRole("button", { name: "Reject" }).click();
      await card.getByRole("button", { name: "Yes, reject it" }).click();
      await card.waitFor({ state: "detached" });
      await Promise.all([asker.context().close(), second.context().close()]);
      return undefined;
    },
  },
  {
    name: "a dispute is judged by name and time line, a word is no evidence, and its answer is asked once more with the amount",
    async run(stage) {
      const student = stage.takeStudent();
      // An amount that no other walk disputes.
      const amountMinor = 10_000 + Math.floor(Math.random() * 900) * 100;
      await disputedTopUp(stage, student, amountMinor);
      const kronor = (amountMinor / 100).toFixed(2).replace(".", ",");
      const finance = await stage.portalOf("finance");
      const row = finance.getByRole("table", { name: "Disputes" }).getByRole("row").filter({ hasText: kronor }).filter({ hasText: "Open" });
      await finance.goto("/cafe/disputes");
      await row.first().getByRole("button", { name: "Look at it" }).click();
      const dialog = finance.locator("dialog[open]");
      await dialog.getByText("Money into the student’s wallet, not an order.").waitFor();
      for (const event of ["Payment begun", "Paid", "Disputed"]) await dialog.locator(".happened").getByText(event).first().waitFor();
      assert.equal(await dialog.locator(".facts code").count(), 0, "the student stands there as an id");
      await dialog.getByRole("button", { name: "Accept" }).dblclick();
      await dialog.getByRole("button", { name: new RegExp(`^Yes, .*${kronor}.* goes back`) }).waitFor();
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await dialog.getByLabel("What speaks against it").fill("It is right");
      await dialog.getByText("11 of at least 20 characters.").waitFor();
      await dialog.getByLabel("What speaks against it").pressSequentially(".\nThe wallet was filled and spent.");
      await dialog.getByRole("button", { name: "Contest", exact: true }).dblclick();
      await dialog.getByRole("button", { name: new RegExp(`^Yes, contest .*${kronor}`) }).click();
      await dialog.waitFor({ state: "detached" });
      await finance
        .getByRole("table", { name: "Disputes" })
        .getByRole("row")
        .filter({ hasText: kronor })
        .filter({ hasText: "Contested" })
        .first()
        .waitFor();
      await finance.context().close();
      return undefined;
    },
  },
  {
    name: "the admin's first page says of six things whether they are all right, each with the way there",
    async run(stage) {
      const admin = await stage.portalOf("admin");
      await admin.goto("/cafe/");
      await admin.getByRole("heading", { name: "Is it all right?", level: 1 }).waitFor();
      const lines = admin.locator(".now-line");
      await stage.until(async () => (await lines.filter({ hasText: "Being asked" }).count()) === 0);
      assert.equal(await lines.count(), 6);
      assert.equal(await lines.filter({ hasText: "could not be asked" }).count(), 0);
      await lines.filter({ hasText: "Ledger check" }).getByRole("link").click();
      await admin.getByRole("heading", { name: "Ledger check", level: 1 }).waitFor();
      await admin.context().close();
      return undefined;
    },
  },
  {
    name: "a broken rule lists the accounts with what should be there and what is, and a journal without a line says so and saves nothing",
    async run(stage) {
      const student = stage.start.students[0];
      const finance = await stage.portalOf("finance");
      await finance.route("**/api/v1/admin/ledger/check", (route) =>
        route.fulfill({
          json: {
            ok: false,
            checked_at: new Date().toISOString(),
            snapshot: "1:1:",
            invariants: [
              { id: "I2", ok: false, violations: 1, sample: [{ student_id: student?.id, balance_minor: 8_501, entries_minor: 8_500 }] },
              { id: "I5", ok: true, violations: 0, sample: [] },
            ],
            not_covered: [],
          },
        }),
      );
      await finance.goto("/cafe/ledger");
      const line = finance.getByRole("table", { name: "Accounts in doubt" }).getByRole("row").filter({ hasText: "I2" });
      await line
        .getByText(student?.phone ?? "–")
        .or(line.getByText("Wallets of students · "))
        .first()
        .waitFor();
      for (const amount of ["85,00", "85,01"]) await line.getByText(amount).waitFor();
      const form = finance.getByRole("region", { name: "The journal for bookkeeping" });
      await form.getByLabel("From").fill("2020-01-01");
      await form.getByLabel("Until").fill("2020-01-02");
      for (const format of ["csv", "sie"]) {
        await form.getByLabel("Format").selectOption(format);
        await form.getByRole("button", { name: "Download" }).click();
        await form.getByText("Nothing on these days").waitFor();
      }
      assert.equal(await form.getByText("Saved", { exact: true }).count(), 0);
      await finance.context().close();
      return undefined;
    },
  },
  {
    name: "an owner's books come by the month and in kronor, and with nothing due the page says when the next settlement comes",
    async run(stage) {
      const owner = await stage.portalOf("owner");
      await owner.goto("/cafe/settlements");
      await owner.locator("tbody tr").first().waitFor();
      const choice = owner.getByLabel("A month");
      const months = await choice.locator("option").evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
      assert.equal(months.length, 14);
      // The demo has lived through the weeks before today.
      for (const month of months.slice(1, 3)) {
        await choice.selectOption(month);
        await owner.locator(".bone").first().waitFor({ state: "detached" });
        if ((await owner.locator("tbody tr").count()) > 0) break;
      }
      await owner.locator(".figure").first().waitFor();
      const [file] = await Promise.all([owner.waitForEvent("download"), owner.getByRole("button", { name: "As a file (CSV)" }).click()]);
      assert.match(file.suggestedFilename(), /^settlements-\d{4}-\d\d\.csv$/);
      const [head = ""] = readFileSync(await file.path(), "utf8").split("\r\n");
      assert.ok(head.includes(",fee,") && !head.includes("_minor"), head);
      await choice.selectOption(months.at(-1) ?? "");
      await owner.getByText("Nothing of the kind in this month.").waitFor();
      await choice.selectOption("");
      await owner.route("**/api/v1/admin/settlements?*", (route) => route.fulfill({ json: { items: [], next_cursor: null } }));
      await owner.getByRole("button", { name: "To be paid" }).click();
      await owner.getByText("Nothing is due.").waitFor();
      await owner.getByText("Each day is settled in the night after it.").waitFor();
      await owner.goto("/cafe/transactions");
      const [asked] = await Promise.all([
        owner.waitForRequest((request) => request.url().includes("month=")),
        owner.getByLabel("A month").selectOption(months[2] ?? ""),
      ]);
      assert.ok(asked.url().includes(`month=${months[2]}`), asked.url());
      await owner.goto("/cafe/reports");
      await owner.getByLabel("A month").selectOption(months[2] ?? "");
      assert.match(await owner.getByLabel("From").inputValue(), /-01$/);
      await owner.context().close();
      return undefined;
    },
  },
];
