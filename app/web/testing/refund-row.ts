import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Row } from "./row.ts";
import type { Stage } from "./stage.ts";

/** Of each dish, as many as an order takes. */
const quantity = 50;
const dishes = [1, 2, 6, 7];

/** More than one person may give back: paid by a wallet that two people of finance have filled. */
async function largeOrder(stage: Stage): Promise<string> {
  const student = stage.takeStudent();
  const amount = quantity * dishes.reduce((sum, place) => sum + stage.item(place).price_minor, 0);
  const { id } = await stage.json<{ id: string }>(
    "/api/v1/admin/adjustments",
    { student_id: student.id, amount_minor: amount, currency: "SEK", reason: "for a party of fifty" },
    { ...(await stage.staffToken("finance")), "Idempotency-Key": randomUUID() },
  );
  await stage.json(`/api/v1/admin/adjustments/${id}/approve`, {}, await stage.staffToken("finance", 1));
  return stage.paidOrder(student, quantity, ...dishes);
}

export const refundRow: Row = {
  name: "a large refund that a cashier asks for waits on the café's page, moves nothing until its owner approves, and is then told as given back",
  async run(stage) {
    const orderId = await largeOrder(stage);
    const reason = `Nobody came ${randomUUID().slice(0, 8)}`;
    const cashier = await stage.staffToken("cashier");
    const { status } = await stage.json<{ status: string }>(
      `/api/v1/admin/orders/${orderId}/refund`,
      { reason },
      { ...cashier, "Idempotency-Key": randomUUID() },
    );
    assert.equal(status, "proposed");
    const asker = await stage.portalOf("cashier");
    await asker.goto("/cafe/refunds");
    const own = asker.locator(".waiting").filter({ hasText: reason });
    await own.getByRole("button", { name: "Take it back" }).waitFor();
    assert.equal(await own.getByRole("button", { name: /^Give back/ }).count(), 0, "whoever asked may approve");
    const owner = await stage.portalOf("owner");
    await owner.goto("/cafe/");
    await owner.getByRole("link", { name: "Refunds" }).first().click();
    const waiting = owner.locator(".waiting").filter({ hasText: reason });
    await waiting.getByRole("button", { name: "See the sale" }).click();
    await owner.getByRole("dialog").getByText(`${quantity}×`).first().waitFor();
    await owner.getByRole("button", { name: "Close" }).first().click();
    await waiting.getByRole("button", { name: /^Give back/ }).click();
    await waiting.getByRole("button", { name: "Yes, give it back now" }).click();
    await owner.getByRole("row").filter({ hasText: reason }).getByText("Given back").waitFor();
    const order = await stage.json<{ payment_status: string }>(`/api/v1/admin/orders/${orderId}`, undefined, cashier);
    assert.equal(order.payment_status, "refunded");
    await Promise.all([asker.context().close(), owner.context().close()]);
    return undefined;
  },
};
