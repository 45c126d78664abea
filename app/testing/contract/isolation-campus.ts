import type { StaffRole } from "../../identity/access-token.ts";
import type { Campus } from "../campus.ts";
import { addDish } from "../menus.ts";
import { expectOk, moneyOf } from "../money.ts";
import type { TestCafe, TestDevice, TestStaff } from "../people.ts";

export const cafeRoles: readonly StaffRole[] = ["owner", "cashier", "kitchen", "delivery"];

/** Stands in every name of the first café: where it is read, something leaked. */
export const secretWord = "Hemlig";

export interface FilledCafe {
  readonly cafe: TestCafe;
  readonly staff: readonly TestStaff[];
  readonly device: TestDevice;
  readonly studentIds: readonly string[];
}

/** A café with something of everything: whoever adds a path with an id in it adds what it names here. */
export async function fillCafe(campus: Campus): Promise<FilledCafe> {
  const cafe = await campus.cafe({ name: `${secretWord}a Källaren` });
  const staff = await Promise.all(cafeRoles.map((role) => campus.staff(role, cafe)));
  const device = await campus.device(cafe);
  const owner = staffOf(staff, "owner");
  await fillMenu(campus, cafe);
  expectOk(await owner.api("POST", "/admin/tables", { body: { label: `${secretWord}t bord` } }));
  expectOk(await owner.api("PUT", "/admin/config/max_orders_per_slot", { body: { value: 321 } }));
  const till = { url: `http://127.0.0.1:9/${secretWord}` };
  const webhook = expectOk(await owner.api<{ id: string }>("POST", "/admin/webhooks", { body: till }));
  expectOk(await owner.api("POST", `/admin/webhooks/${webhook.id}/test`));
  const studentIds = await sell(campus, { cafe, device }, staff);
  await campus.sql`
    insert into refund_proposals (order_id, cafe_id, amount_minor, currency, goes_to, reason, refunded_before_minor, requested_by)
    select id, cafe_id, 100, currency, 'wallet', ${`${secretWord}t skäl`}, 0, ${owner.id} from orders where cafe_id = ${cafe.id} and payment_status = 'paid' limit 1`;
  expectOk(await device.api("POST", "/pos/shifts/open", { body: { opening_float_minor: 0 } }));
  expectOk(await device.api("POST", "/pos/shifts/close", { body: { counted_cash_minor: 0 } }));
  await campus.sql`select settle_cafe_day(${cafe.id}, day, now() + interval '9 days') from day_to_settle(${cafe.id})`;
  await campus.sql`
    insert into staff_passkeys (staff_id, name, credential_id, public_key) values (${owner.id}, ${`${secretWord} nyckel`}, ${secretWord}, '\\x00')`;
  await campus.sql`update staff set name = ${`${secretWord} person`} where cafe_id = ${cafe.id}`;
  await campus.sql`update devices set name = ${`${secretWord} kassa`} where cafe_id = ${cafe.id}`;
  await campus.sql`update categories set name = ${`${secretWord} kategori`} where cafe_id = ${cafe.id}`;
  await campus.sql`update menu_items set name = ${`${secretWord} soppa`} where cafe_id = ${cafe.id}`;
  return { cafe, staff, device, studentIds };
}

export function staffOf(staff: readonly TestStaff[], role: StaffRole): TestStaff {
  const member = staff.find((each) => each.role === role);
  if (!member) throw new Error(`This café has nobody who is ${role}.`);
  return member;
}

async function fillMenu(campus: Campus, cafe: TestCafe): Promise<void> {
  const itemId = await addDish(campus, cafe, { stock: 1_000 });
  await campus.sql`
    with g as (insert into menu_option_groups (item_id, name, is_required, min_choices, max_choices, display_order)
      values (${itemId}, ${`${secretWord}t val`}, false, 0, 1, 0) returning id)
    insert into menu_option_choices (group_id, name, price_minor, is_available, display_order) select id, ${`${secretWord} ost`}, 0, true, 0 from g`;
}

/** One order that is paid, one whose charge is open, one that is delivered and paid in cash. */
async function sell(
  campus: Campus,
  till: { readonly cafe: TestCafe; readonly device: TestDevice },
  staff: readonly TestStaff[],
): Promise<string[]> {
  const money = moneyOf(campus);
  const payer = await money.fundedStudent({ balanceMinor: 50_000, name: `${secretWord} Betalsson` });
  expectOk(await payer.confirm(await payer.scannedOrder({ till, totalMinor: 5_900 })));
  const waiter = await money.fundedStudent({ balanceMinor: 50_000, name: `${secretWord} Väntesson` });
  await waiter.scannedOrder({ till, totalMinor: 4_200 });
  const dish = await money.dish(till.cafe, 3_100);
  const delivered = expectOk(
    await waiter.api<{ order: { id: string } }>("POST", "/orders", {
      body: {
        cafe_id: till.cafe.id,
        items: [{ menu_item_id: dish.id, quantity: 1 }],
        order_type: "delivery",
        payment_method: "cash",
        delivery_address: `${secretWord}a gatan 1`,
      },
    }),
  );
  const body = { staff_id: staffOf(staff, "delivery").id };
  expectOk(await staffOf(staff, "owner").api("POST", `/admin/orders/${delivered.order.id}/assign-delivery`, { body }));
  return [payer.id, waiter.id];
}
