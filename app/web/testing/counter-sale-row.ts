import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Row } from "./row.ts";

export const counterSaleRow: Row = {
  name: "what the cashier rang up says so on the phone and offers no cancelling; an order of the own does",
  async run(stage) {
    const student = stage.takeStudent();
    const [device] = stage.start.devices;
    const { order, charge } = await stage.json<{ order: { id: string }; charge: { id: string } }>(
      "/api/v1/pos/sales",
      { payment: "card", card_uid: student.card_uid, items: [{ menu_item_id: stage.item().id, quantity: 1 }] },
      { Authorization: `Device ${device?.id}.${device?.key}`, "Idempotency-Key": randomUUID() },
    );
    // A phone that is asked to pay goes to the question by itself.
    await stage.json(`/api/v1/charges/${charge.id}/decline`, {}, { Authorization: `Bearer ${await stage.token(student)}` });
    const phone = await stage.phoneOf(student);
    await phone.goto(`/orders/${order.id}`);
    await phone.getByText("The cashier rang this up.").waitFor();
    assert.equal(await phone.getByRole("button", { name: "Cancel the order" }).count(), 0);
    const own = await stage.order(student);
    await phone.goto(`/orders/${own}`);
    await phone.getByRole("button", { name: "Cancel the order" }).waitFor();
    await phone.context().close();
    return undefined;
  },
};
